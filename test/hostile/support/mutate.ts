/** Damage to real files, as disks, transfers and attackers do it. */
import fc from 'fast-check';

/** One change; places are taken modulo the length of what is changed. */
type Change = (bytes: Buffer) => Buffer;

/** Where numbers tip over. */
const EXTREMES = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0xffff_ffffn,
  1n << 53n,
  (1n << 64n) - 1n,
];

const place = fc.nat(0xff_ffff);
const flip = fc.tuple(place, fc.nat(7)).map(([at, bit]): Change => {
  return (bytes) => {
    if (bytes.length === 0) return bytes;
    const changed = Buffer.from(bytes);
    changed.writeUInt8((changed[at % bytes.length] ?? 0) ^ (1 << bit), at % bytes.length);
    return changed;
  };
});
const cut = place.map(
  (at): Change =>
    (bytes) =>
      bytes.subarray(0, at % (bytes.length + 1)),
);
const remove = fc.tuple(place, fc.nat(600)).map(([at, length]): Change => {
  return (bytes) => spliced(bytes, at, length, Buffer.alloc(0));
});
const overwrite = fc.tuple(place, fc.uint8Array({ maxLength: 16 }), fc.boolean()).map(
  ([at, put, insert]): Change =>
    (bytes) =>
      spliced(bytes, at, insert ? 0 : put.length, Buffer.from(put)),
);
const repeat = fc.tuple(place, fc.nat(600), place).map(([from, length, to]): Change => {
  return (bytes) => {
    const start = from % (bytes.length + 1);
    return spliced(bytes, to, 0, bytes.subarray(start, start + length));
  };
});
const zeros = fc.tuple(place, fc.nat(600)).map(([at, length]): Change => {
  return (bytes) =>
    spliced(bytes, at, length, Buffer.alloc(Math.min(length, bytes.length - (at % (bytes.length + 1)))));
});
/** A number at its limit: 2, 4 or 8 bytes, either end first, and in octal as tar writes it. */
const extreme = fc
  .tuple(place, fc.constantFrom(...EXTREMES), fc.constantFrom(2, 4, 8), fc.constantFrom('little', 'big', 'octal'))
  .map(([at, value, width, order]): Change => {
    const number = Buffer.alloc(8);
    if (order === 'big') number.writeBigUInt64BE(value);
    else number.writeBigUInt64LE(value);
    const put = order === 'big' ? number.subarray(8 - width) : number.subarray(0, width);
    const text = Buffer.from(`${(value % (1n << 33n)).toString(8).padStart(11, '0')} `);
    return (bytes) => spliced(bytes, at, order === 'octal' ? 12 : width, order === 'octal' ? text : put);
  });

function spliced(bytes: Buffer, at: number, length: number, put: Buffer): Buffer {
  const start = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + length)]);
}

const change = fc.oneof(flip, cut, remove, overwrite, repeat, zeros, extreme);

/** From one to four changes, one after another. */
export const damage: fc.Arbitrary<Change> = fc
  .array(change, { minLength: 1, maxLength: 4 })
  .map((changes) => (bytes) => changes.reduce((changed, next) => next(changed), bytes));
