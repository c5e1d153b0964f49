import type { Stamp } from './spool.ts';

/** The longest tick of a kernel's clock for files, and the unit that file systems without fractions of a second round to. */
const TICK_NS = 20_000_000n;
const COARSE_NS = 2_000_000_000n;

/**
 * Whether any change from now on would get a different time than the last change, so that equal times prove that there was no change.
 * @param stamp of a file that was changed just now
 */
export function isSettled({ dev, ctimeNs }: Stamp, stamp: Stamp): boolean {
  const isCoarse = ctimeNs % 1_000_000_000n === 0n;
  const margin = isCoarse ? COARSE_NS : stamp.dev === dev ? 0n : TICK_NS;
  // A time in the future, because the clock was set back since, is just as good.
  return ctimeNs + margin < stamp.ctimeNs || ctimeNs > stamp.ctimeNs + COARSE_NS * 30n;
}
