import { realText, type RecordWriter } from './record-writer.ts';
import type { Value } from './sql-rows.ts';

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
/** The first byte of each part of `order`, in SQLite's order of kinds. */
const KINDS = { null: 1, number: 2, text: 3, blob: 4 } as const;
/** Text that looks like this needs quotes, since keys of other kinds are written so. */
const LOOKS_OTHERWISE = /^(?:null(?:@.*)?|'.*|x'[0-9a-f]*'|-?\d+(?:\.\d+)?(?:e[+-]\d+)?|-?Infinity|)$/s;
/** The first bytes of such text. */
const FIRST_BYTES = new Set([undefined, ...Buffer.from("nx'-I0123456789")]);
const END = Buffer.alloc(2);

/**
 * Writes keys: the name of a row for users, and the bytes by which it compares.
 *
 * A key is `table/key`: the primary key of the row, or the rowid in a table that has none. The parts of a primary key of several columns are joined
 * by `,`. A part is an integer (`-7`), a floating point number (`1.5`, `2.0`, `1e+300`), a BLOB (`x'00ff'`), `null`, or else text, as it is (`abc`).
 * Text that is empty, begins with a quote, or would be read as another kind is put in quotes: `'7'`, `'null'`, `''`. A `\` is put before each `\` and
 * `/` in the name of a table, and before each `\` and `,` in text. If a primary key holds a null, the rowid follows, as in `null@12`, because SQLite
 * allows several rows with that key.
 *
 * The order is bytewise: by the table's name, then by the key, part by part, as SQLite compares values without a collation.
 */
export class KeyWriter {
  readonly #writer: RecordWriter;
  readonly #keyStart: Buffer;
  readonly #orderStart: Buffer;

  constructor(writer: RecordWriter, table: Buffer) {
    this.#writer = writer;
    this.#keyStart = tablePrefix(table);
    this.#orderStart = Buffer.concat([zeroEscaped(table), END]);
  }

  key(parts: readonly Value[], rowid: bigint | null): Buffer {
    const writer = this.#writer;
    writer.raw(this.#keyStart);
    for (let index = 0; index < parts.length; index++) {
      if (index > 0) writer.byte(COMMA);
      this.#part(parts[index] ?? { type: 'null' });
    }
    if (rowid !== null && hasNull(parts)) writer.string(`@${rowid}`);
    return writer.take();
  }

  order(parts: readonly Value[], rowid: bigint | null): Buffer {
    this.#writer.raw(this.#orderStart);
    for (const part of parts) this.#ordered(part);
    if (rowid !== null && hasNull(parts)) this.#ordered({ type: 'integer', value: rowid });
    return this.#writer.take();
  }

  /** The key of a row with this rowid, given as two halves. */
  rowidKey(high: number, low: number): Buffer {
    this.#writer.raw(this.#keyStart);
    this.#writer.integer(high, low);
    return this.#writer.take();
  }

  rowidOrder(high: number, low: number): Buffer {
    const near = high * 2 ** 32 + (low >>> 0);
    const isExact = Math.abs(near) < 2 ** 53;
    const rest = isExact ? 0 : Number(((BigInt(high) << 32n) | BigInt(low >>> 0)) - BigInt(near));
    this.#writer.raw(this.#orderStart);
    this.#writer.raw(numberOrder(near, rest));
    return this.#writer.take();
  }

  #part(part: Value): void {
    const writer = this.#writer;
    if (part.type === 'null') writer.string('null');
    else if (part.type === 'integer') writer.string(String(part.value));
    else if (part.type === 'real') writer.string(realText(part.value));
    else if (part.type === 'blob') writer.string(`x'${part.value.toString('hex')}'`);
    else {
      const isQuoted = FIRST_BYTES.has(part.value[0]) && LOOKS_OTHERWISE.test(part.value.toString('latin1'));
      if (isQuoted) writer.string("'");
      writer.raw(escaped(part.value, COMMA));
      if (isQuoted) writer.string("'");
    }
  }

  #ordered(part: Value): void {
    const writer = this.#writer;
    if (part.type === 'null') writer.byte(KINDS.null);
    else if (part.type === 'text' || part.type === 'blob') {
      writer.byte(KINDS[part.type]);
      writer.raw(zeroEscaped(part.value));
      writer.raw(END);
    } else {
      const near = Number(part.value);
      writer.raw(numberOrder(near, part.type === 'integer' ? Number(part.value - BigInt(near)) : 0));
    }
  }
}

/** What all keys of a table begin with. */
export function tablePrefix(table: Buffer): Buffer {
  return Buffer.concat([escaped(table, SLASH), Buffer.from('/')]);
}

function hasNull(parts: readonly Value[]): boolean {
  for (const part of parts) if (part.type === 'null') return true;
  return false;
}

function escaped(bytes: Buffer, special: number): Buffer {
  if (!bytes.includes(special) && !bytes.includes(BACKSLASH)) return bytes;
  return Buffer.from(
    [...bytes].flatMap((byte) => (byte === special || byte === BACKSLASH ? [BACKSLASH, byte] : [byte])),
  );
}

const number = Buffer.alloc(13, KINDS.number);

/** The nearest floating point number, and the distance of an integer of more than 53 bits from it. The view is valid until the next call. */
function numberOrder(near: number, rest: number): Buffer {
  // Adding zero turns -0 into 0.
  number.writeDoubleBE(near + 0, 1);
  const first = number[1] ?? 0;
  if (first >= 0x80) for (let at = 1; at < 9; at++) number[at] = ~(number[at] ?? 0) & 0xff;
  else number[1] = first | 0x80;
  number.writeInt32BE(rest, 9);
  number[9] = (number[9] ?? 0) ^ 0x80;
  return number;
}

/** Writes a zero byte as two bytes, so that two zeros mark the end and sort before everything longer. */
function zeroEscaped(bytes: Buffer): Buffer {
  if (!bytes.includes(0)) return bytes;
  return Buffer.from([...bytes].flatMap((byte) => (byte === 0 ? [0, 0xff] : [byte])));
}
