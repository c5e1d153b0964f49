import fs from 'node:fs';

/** overlayfs, by its number in Linux `magic.h`. */
const OVERLAY = 0x794c7630;

/**
 * Where something is mounted, absolute. A bind mount has the device number of what it shows, so that only the kernel's list tells
 * (proc_pid_mountinfo(5)). Empty where there is no such list.
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

/** True in an overlay, as in most containers: it may refuse (EXDEV) to rename a folder that a lower layer holds, but never a file. */
export function isOverlay(folder: string): boolean {
  return process.platform === 'linux' && fs.statfsSync(folder).type === OVERLAY;
}
