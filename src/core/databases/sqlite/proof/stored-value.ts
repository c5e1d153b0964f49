import { BLOB, FLOAT, ONE, sizeOfType, type StoredRow, ZERO } from './stored-row.ts';

/** The two halves of an integer; one object serves all. */
export class Halves {
  high = 0;
  low = 0;

  /** Reads a stored integer of 0 to 8 bytes. With 0 bytes, the type itself says the value. */
  read(row: StoredRow, type: number, offset: number): void {
    if (type === ZERO || type === ONE) {
      this.high = 0;
      this.low = type - ZERO;
      return;
    }
    const bytes = row.isLong ? row.slice(offset, sizeOfType(type)) : row.bytes;
    const at = row.isLong ? 0 : row.base + offset;
    const size = sizeOfType(type);
    if (size === 8) {
      this.high = bytes.readInt32BE(at);
      this.low = bytes.readInt32BE(at + 4);
    } else if (size === 6) {
      this.high = bytes.readInt16BE(at);
      this.low = bytes.readInt32BE(at + 2);
    } else {
      this.low = bytes.readIntBE(at, size);
      this.high = this.low < 0 ? -1 : 0;
    }
  }

  /** The floating point number that SQLite converts it to. */
  toNumber(): number {
    return Number((BigInt(this.high) << 32n) | BigInt(this.low >>> 0));
  }

  toBigInt(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
  }
}

export function readFloat(row: StoredRow, offset: number): number {
  return row.isLong ? row.slice(offset, 8).readDoubleBE(0) : row.bytes.readDoubleBE(row.base + offset);
}

export const isInteger = (type: number): boolean => type < FLOAT || type === ZERO || type === ONE;
export const isText = (type: number): boolean => type >= BLOB && type % 2 === 1;
