import type { Stamp } from './spool.ts';

/** What a kernel's clock for files goes by at most, and what file systems without parts of a second round to. */
const TICK_NS = 20_000_000n;
const COARSE_NS = 2_000_000_000n;

/**
 * Whether a change from now on would get another time than the last one has, so that equal times prove that there was none.
 * @param stamp of a file that was changed just now
 */
export function isSettled({ dev, ctimeNs }: Stamp, stamp: Stamp): boolean {
  const isCoarse = ctimeNs % 1_000_000_000n === 0n;
  const margin = isCoarse ? COARSE_NS : stamp.dev === dev ? 0n : TICK_NS;
  // One from the future, of a clock that was set back since, is as good.
  return ctimeNs + margin < stamp.ctimeNs || ctimeNs > stamp.ctimeNs + COARSE_NS * 30n;
}
