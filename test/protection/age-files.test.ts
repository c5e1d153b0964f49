import { randomBytes } from 'node:crypto';
import { hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OpenedFile } from '../../src/core/protection/opened-file.ts';
import { HEAD_BYTES, newSeal, SealedFile, sealedSize } from '../../src/core/protection/sealed-file.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CHUNK = 65_536;
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 128 * CHUNK, 128 * CHUNK + 1, 3_000_001];

const folder = tempFolder();
let identity: string;
let recipient: string;

afterAll(() => folder[Symbol.dispose]());

beforeAll(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});

function plainFile(folder: string, bytes: Buffer) {
  const file = path.join(folder, `${bytes.length}`);
  fs.writeFileSync(file, bytes);
  return { file, name: 'a.tar', size: bytes.length, sha256: hash('sha256', bytes) };
}

/** All of it, read in blocks of another size than that of chunks. */
function readAll(sealed: SealedFile, block: number): Buffer {
  const reader = sealed.open();
  const all = Buffer.alloc(sealed.size);
  for (let at = 0; at < all.length;) at += reader.read(all.subarray(at, at + block), at);
  reader.close();
  return all;
}

function opened(bytes: Buffer, secret = identity, reads: [number, number][] = []): OpenedFile {
  const read = async function* (from: number, to: number): AsyncGenerator<Buffer> {
    reads.push([from, to]);
    for (let at = from; at < to; at += 50_000) yield bytes.subarray(at, Math.min(to, at + 50_000));
  };
  return new OpenedFile({ name: '1.age', size: bytes.length, read }, secret);
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

test.each(SIZES)('%i bytes are sealed as age does it, and come back', async (size) => {
  const plain = randomBytes(size);
  const sealed = await SealedFile.make(plainFile(folder.path, plain), await newSeal(recipient));
  const bytes = readAll(sealed, 262_144);
  expect(bytes.length).toBe(sealedSize(size));
  expect(hash('sha256', bytes)).toBe(sealed.sha256);
  expect(readAll(sealed, 77_777).equals(bytes)).toBe(true);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  expect(Buffer.from(await decrypter.decrypt(bytes)).equals(plain)).toBe(true);
  const back = opened(bytes);
  expect(back.size).toBe(size);
  expect((await gather(back.read(0, size))).equals(plain)).toBe(true);
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const other = opened(Buffer.from(await encrypter.encrypt(plain)));
  expect((await gather(other.read(0, size))).equals(plain)).toBe(true);
});

test('a range is read with the header, the last chunk and the chunks that it is in', async () => {
  const plain = randomBytes(20 * CHUNK + 5);
  const bytes = readAll(await SealedFile.make(plainFile(folder.path, plain), await newSeal(recipient)), CHUNK);
  const reads: [number, number][] = [];
  const file = opened(bytes, identity, reads);
  const range = await gather(file.read(3 * CHUNK - 10, 4 * CHUNK + 10));
  expect(range.equals(plain.subarray(3 * CHUNK - 10, 4 * CHUNK + 10))).toBe(true);
  const at = (chunk: number): number => HEAD_BYTES + chunk * (CHUNK + 16);
  expect(reads).toEqual([
    [0, HEAD_BYTES],
    [at(20), bytes.length],
    [at(2), at(5)],
  ]);
});

const DAMAGE: [string, (bytes: Buffer) => Buffer][] = [
  ['a bit of the header is turned', (bytes) => flip(bytes, 30)],
  ['a bit of the payload nonce is turned', (bytes) => flip(bytes, HEAD_BYTES - 1)],
  ['a bit of the first chunk is turned', (bytes) => flip(bytes, HEAD_BYTES + 5)],
  ['a bit of the last tag is turned', (bytes) => flip(bytes, bytes.length - 1)],
  ['it ends with the second chunk', (bytes) => bytes.subarray(0, HEAD_BYTES + 2 * (CHUNK + 16))],
  ['it lost its last byte', (bytes) => bytes.subarray(0, -1)],
  ['it lost all chunks', (bytes) => bytes.subarray(0, HEAD_BYTES)],
  ['it has a byte more', (bytes) => Buffer.concat([bytes, Buffer.of(0)])],
  [
    'two chunks changed places',
    (bytes) => {
      const [first, second] = [HEAD_BYTES, HEAD_BYTES + CHUNK + 16];
      const parts = [bytes.subarray(0, first), bytes.subarray(second, second + CHUNK + 16)];
      return Buffer.concat([...parts, bytes.subarray(first, second), bytes.subarray(second + CHUNK + 16)]);
    },
  ],
];

function flip(bytes: Buffer, at: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}

test.each(DAMAGE)('nothing wrong is given out if %s', async (_what, damage) => {
  const plain = randomBytes(3 * CHUNK + 100);
  const bytes = readAll(await SealedFile.make(plainFile(folder.path, plain), await newSeal(recipient)), CHUNK);
  const given: Buffer[] = [];
  const reading = (async (): Promise<void> => {
    const file = opened(damage(bytes));
    for await (const chunk of file.read(0, file.size)) given.push(Buffer.from(chunk));
  })();
  await expect(reading).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  const all = Buffer.concat(given);
  expect(all.equals(plain.subarray(0, all.length))).toBe(true);
});

test('another key opens nothing', async () => {
  const bytes = readAll(
    await SealedFile.make(plainFile(folder.path, randomBytes(10)), await newSeal(recipient)),
    CHUNK,
  );
  const file = opened(bytes, await generateX25519Identity());
  await expect(gather(file.read(0, 10))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
});

test('a file that is not what its list says is not sealed', async () => {
  const plain = plainFile(folder.path, randomBytes(2 * CHUNK));
  const seal = await newSeal(recipient);
  for (const wrong of [
    { ...plain, sha256: '0'.repeat(64) },
    { ...plain, size: plain.size - 1 },
    { ...plain, size: plain.size + 1 },
  ])
    await expect(SealedFile.make(wrong, seal)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
});

test('a file that changes after it was sealed gives out no chunk that was not sealed before', async () => {
  const bytes = randomBytes(4 * CHUNK);
  const plain = plainFile(folder.path, bytes);
  const sealed = await SealedFile.make(plain, await newSeal(recipient));
  const before = readAll(sealed, CHUNK);
  fs.writeFileSync(plain.file, flip(bytes, 2 * CHUNK));
  const reader = sealed.open();
  const start = HEAD_BYTES + 2 * (CHUNK + 16);
  const whole = Buffer.alloc(start);
  expect(reader.read(whole, 0)).toBe(start);
  expect(whole.equals(before.subarray(0, start))).toBe(true);
  expect(() => reader.read(Buffer.alloc(1), start)).toThrow(/is not what the list of artifacts says/);
  reader.close();
});
