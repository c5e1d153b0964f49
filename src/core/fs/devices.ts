/** A device as the kernel writes it in `/proc/PID/maps` and `/proc/locks`: `fe:01`. */
export function deviceName(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xfff00n);
  return [major, minor].map((number) => number.toString(16).padStart(2, '0')).join(':');
}
