import fs from 'node:fs';

/** overlayfs, by its number in Linux `magic.h`. */
const OVERLAY = 0x794c7630;

/**
 * The absolute paths of all mount points, from the kernel's list (proc_pid_mountinfo(5)). Device numbers are not enough, because a bind mount has the
 * one of its source. Empty if there is no such list.
 */
export function mountPoints(): string[] {
  let text: string;
  try {
    text = fs.readFileSync('/proc/self/mountinfo').toString('utf8');
  } catch {
    return [];
  }
  const unescape = (field: string): string =>
    field.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return text.split('\n').flatMap((line) => {
    const field = line.split(' ')[4];
    return field === undefined ? [] : [unescape(field)];
  });
}

/** Whether a folder is in an overlay, as in most containers. An overlay may refuse (EXDEV) to rename a folder of a lower layer, but never a file. */
export function isOverlay(folder: string): boolean {
  return process.platform === 'linux' && fs.statfsSync(folder).type === OVERLAY;
}
