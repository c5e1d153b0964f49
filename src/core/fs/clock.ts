const SECOND_NS = 1_000_000_000n;

/** Before 1.52 libuv cuts off what is less than a microsecond. */
const CUTS_MICROSECONDS = /^1\.(?:[0-4]?\d|5[01])\./.test(process.versions.uv);

/**
 * What `futimes` and its kin take, from nanoseconds: the double of seconds that is nearest, which is 0.12 us away until 2038 and 0.24 us until 2106. Where that is cut
 * to microseconds, one in the next whole microsecond, so that whole ones come back exactly. Before 1970 it is a date, exact to the
 * millisecond: Node takes a negative number for "now".
 */
export function utimesTime(mtimeNs: bigint): number | Date {
  if (mtimeNs < 0n) return new Date(Math.floor(Number(mtimeNs / 1000n) / 1000));
  const wanted = CUTS_MICROSECONDS ? ((mtimeNs + 999n) / 1000n) * 1000n + 300n : mtimeNs;
  return Number(wanted / SECOND_NS) + Number(wanted % SECOND_NS) / 1e9;
}

/** 2262-04-11: the latest time that 64 bits of nanoseconds hold, as an index states them. */
const LATEST_NS = 2n ** 63n - 1n;

/** Whether a restore gives this time back, to the microsecond: not one that is later than an index states, nor a part of a millisecond before 1970. */
export function comesBack(mtimeNs: bigint): boolean {
  return mtimeNs <= LATEST_NS && (mtimeNs >= 0n || mtimeNs % 1_000_000n === 0n);
}

/** A time as it is stored: one that is later than an index can state becomes the latest that it can. */
export function storedTime(mtimeNs: bigint): bigint {
  return mtimeNs > LATEST_NS ? LATEST_NS : mtimeNs;
}
