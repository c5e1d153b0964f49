/**
 * Seconds for `futimes`, from nanoseconds. utimes takes a double and truncates it to microseconds, so whole
 * milliseconds come back 1 us early in half of the cases; rounding up to the next microsecond does not.
 */
export function utimesSeconds(mtimeNs: bigint): number {
  const micros = (mtimeNs + 999n) / 1000n;
  return Number(micros) / 1e6 + 1e-7;
}
