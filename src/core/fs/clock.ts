const SECOND_NS = 1_000_000_000n;

/** libuv before 1.52 cuts off fractions of a microsecond. */
const CUTS_MICROSECONDS = /^1\.(?:[0-4]?\d|5[01])\./.test(process.versions.uv);

/**
 * A time in nanoseconds, converted for `futimes` and similar calls: the nearest double of seconds, which is 0.12 us away until 2038 and 0.24 us until
 * 2106. If libuv cuts that to microseconds, it is a double within the next whole microsecond, so that whole microseconds come back exactly. A time
 * before 1970 becomes a date, exact to the millisecond, because Node treats a negative number as "now".
 */
export function utimesTime(mtimeNs: bigint): number | Date {
  if (mtimeNs < 0n) return new Date(Math.floor(Number(mtimeNs / 1000n) / 1000));
  const wanted = CUTS_MICROSECONDS ? ((mtimeNs + 999n) / 1000n) * 1000n + 300n : mtimeNs;
  return Number(wanted / SECOND_NS) + Number(wanted % SECOND_NS) / 1e9;
}

/** 2262-04-11: the latest time that an index can state, since it has 64 bits of nanoseconds. */
const LATEST_NS = 2n ** 63n - 1n;

/**
 * Whether a restore sets this time again, to the microsecond. It cannot do so for a time later than an index can state, or for fractions of a
 * millisecond before 1970.
 */
export function comesBack(mtimeNs: bigint): boolean {
  return mtimeNs <= LATEST_NS && (mtimeNs >= 0n || mtimeNs % 1_000_000n === 0n);
}

/** The time to store. A time later than an index can state becomes the latest one that it can state. */
export function storedTime(mtimeNs: bigint): bigint {
  return mtimeNs > LATEST_NS ? LATEST_NS : mtimeNs;
}
