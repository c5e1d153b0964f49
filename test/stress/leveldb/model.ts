/**
 * A deterministic history: the operations of batch i are a pure function of (seed, i). So the state after batch s is known
 * exactly, and any copy can be compared with it.
 */

/** Sorts after every data key; its value is the number of the batch that was written last (u64le). */
export const SEQUENCE_KEY = Buffer.from('~seq');

function mix(input: number): number {
  let a = input | 0;
  a = Math.imul(a ^ (a >>> 16), 0x21f0aaad);
  a = Math.imul(a ^ (a >>> 15), 0x735a2d97);
  return (a ^ (a >>> 15)) >>> 0;
}

/** Random numbers that only depend on the seed. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An unsigned 32-bit number. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return mix(this.#state);
  }

  /** In [0, 1). */
  fraction(): number {
    return this.next() / 2 ** 32;
  }
}

const POOL = Buffer.alloc(1 << 20);
const poolRandom = new SeededRandom(12345);
for (let at = 0; at < POOL.length; at += 4) POOL.writeUInt32LE(poolRandom.next(), at);

export function keyOf(id: number): Buffer {
  const scattered = String(mix(Math.imul(id, 0x9e3779b1))).padStart(10, '0');
  return Buffer.from(`k${scattered}:${String(id).padStart(7, '0')}`);
}

export function idOf(key: Buffer): number {
  return Number(key.toString('latin1', 12));
}

export interface Operation {
  readonly id: number;
  readonly isPut: boolean;
}

/** The operations of one batch: mostly a few, sometimes hundreds; half of them on a sixteenth of the keys. */
export function operationsOf(seed: number, batch: number, keys: number): Operation[] {
  const random = new SeededRandom(mix(seed ^ mix(batch)));
  const dice = random.next() % 1000;
  let count = 800;
  if (dice < 600) count = 1 + (random.next() % 8);
  else if (dice < 900) count = 20 + (random.next() % 41);
  else if (dice < 995) count = 100 + (random.next() % 201);
  return Array.from({ length: count }, () => {
    const id = random.next() % keys;
    const hot = (random.next() & 1) === 1;
    return { id: hot ? id % (keys >>> 4) : id, isPut: random.next() % 4 !== 0 };
  });
}

export function valueOf(id: number, batch: number): Buffer {
  const hash = mix(id ^ mix(batch));
  const length = 16 + (hash % 100 === 0 ? 20_000 + (hash % 7919) : 200 + (hash % 2200));
  const offset = (hash >>> 8) % (POOL.length - 30_000);
  const value = Buffer.alloc(length);
  value.writeUInt32LE(id, 0);
  value.writeUInt32LE(batch, 4);
  value.writeUInt32LE(length, 8);
  value.writeUInt32LE(hash, 12);
  POOL.copy(value, 16, offset, offset + length - 16);
  return value;
}

/** The expected state after a batch: for every id the batch that put it last, or 0. */
export class Model {
  readonly seed: number;
  readonly keys: number;
  last: Int32Array;
  #batch = 0;

  constructor(seed: number, keys: number) {
    this.seed = seed;
    this.keys = keys;
    this.last = new Int32Array(keys);
  }

  goTo(batch: number): void {
    if (batch < this.#batch) {
      this.#batch = 0;
      this.last = new Int32Array(this.keys);
    }
    while (this.#batch < batch) {
      this.#batch += 1;
      for (const { id, isPut } of operationsOf(this.seed, this.#batch, this.keys))
        this.last[id] = isPut ? this.#batch : 0;
    }
  }
}
