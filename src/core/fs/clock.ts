/**
 * What `futimes` and its kin take, from nanoseconds. Before 1970 it is a date, exact to the millisecond: Node takes a negative number for
 * "now". Else it is seconds. utimes takes a double and truncates it to microseconds, so whole
 * milliseconds come back 1 us early in half of the cases; rounding up to the next microsecond does not.
 */
export function utimesTime(mtimeNs: bigint): number | Date {
  if (mtimeNs < 0n) return new Date(Math.floor(Number(mtimeNs / 1000n) / 1000));
  const micros = (mtimeNs + 999n) / 1000n;
  return Number(micros) / 1e6 + 1e-7;
}

/** 2262-04-11: the latest time that 64 bits of nanoseconds hold, as an index states them. */
const LATEST_NS = 2n ** 63n - 1n;

/** Whether a restore gives exactly this time back, to the microsecond: not one that is later than an index states, nor a part of a millisecond before 1970. */
export function comesBack(mtimeNs: bigint): boolean {
  return mtimeNs <= LATEST_NS && (mtimeNs >= 0n || mtimeNs % 1_000_000n === 0n);
}

/** A time as it is stored: one that is later than an index can state becomes the latest that it can. */
export function storedTime(mtimeNs: bigint): bigint {
  return mtimeNs > LATEST_NS ? LATEST_NS : mtimeNs;
}
