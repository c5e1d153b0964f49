import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';

/** A mounted file system; it goes with the scope (`using`), also after a failure. */
export interface Mounted extends Disposable {
  readonly at: string;
}

/** Mounts something at a folder, which is made. Throws what `mount` says. */
export function mount(at: string, ...args: string[]): Mounted {
  fs.mkdirSync(at, { recursive: true });
  execFileSync('mount', [...args, at], { stdio: 'pipe' });
  return { at, [Symbol.dispose]: () => unmount(at) };
}

/** How long a process whose parent was killed may take to end. */
const GRACE_MS = 10_000;
const LOOK_EVERY_MS = 20;

/**
 * What still holds it (the keeper of locks, which ends with its parent) gets a moment: while a disk whose power was cut is held, it cannot be
 * mounted anew. After that lazily: then it goes as soon as that ends.
 */
function unmount(at: string): void {
  const deadline = performance.now() + GRACE_MS;
  do {
    if (spawnSync('umount', [at], { stdio: 'pipe' }).status === 0) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
  } while (performance.now() < deadline);
  execFileSync('umount', ['-l', at], { stdio: 'pipe' });
}

export function mountTmpfs(at: string, options: string): Mounted {
  return mount(at, '-t', 'tmpfs', '-o', options, 'tmpfs');
}

/**
 * Sees to it that everything below a folder is unmounted and the folder removed when this process is gone, however it ended: a shell waits
 * for the end of a pipe that only this process holds.
 */
export function guardMounts(folder: string): void {
  const script = `cat; grep -o " $1/[^ ]*" /proc/mounts | sort -r | xargs -r umount -l; rm -rf "$1"`;
  const shell = spawn('sh', ['-c', script, 'sh', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.unref();
}

/** Gives a mounted file system other options. */
export function remount({ at }: Mounted, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, at], { stdio: 'pipe' });
}

/** Why this user cannot mount a tmpfs here, or null if it can. */
export function whyNoTmpfs(at: string): string | null {
  return reason(() => mountTmpfs(at, 'size=1m')[Symbol.dispose]());
}

export type DiskType = 'ext4' | 'xfs' | 'btrfs';

interface DiskKind {
  readonly mebibytes: number;
  readonly make: readonly [string, ...string[]];
  /** Nothing is written back by itself while a test runs. */
  readonly options: string;
  /**
   * How the power is cut. `shutdown`: the kernel is told to (FS_IOC_SHUTDOWN). `copy`: the image is copied as it is at that moment, where
   * the file system has no such call.
   */
  readonly cut: 'shutdown' | 'copy';
}

/** Small journals, so that an image is copied quickly. */
export const DISKS: Readonly<Record<DiskType, DiskKind>> = {
  ext4: {
    mebibytes: 48,
    make: ['mkfs.ext4', '-q', '-F', '-J', 'size=4'],
    options: 'loop,noauto_da_alloc,commit=300',
    cut: 'shutdown',
  },
  xfs: { mebibytes: 320, make: ['mkfs.xfs', '-q', '-f'], options: 'loop', cut: 'shutdown' },
  btrfs: { mebibytes: 128, make: ['mkfs.btrfs', '-q', '-f'], options: 'loop,commit=300', cut: 'copy' },
};

/** A file system in a file, mounted by a loop device. */
export class Disk {
  readonly kind: DiskKind;
  readonly #image: string;
  readonly #at: string;

  constructor(type: DiskType, image: string, at: string) {
    this.kind = DISKS[type];
    this.#image = image;
    this.#at = at;
  }

  /** Makes an empty one. */
  format(): void {
    fs.rmSync(this.#image, { force: true });
    fs.writeFileSync(this.#image, '');
    fs.truncateSync(this.#image, this.kind.mebibytes << 20);
    const [program, ...args] = this.kind.make;
    execFileSync(program, [...args, this.#image], { stdio: 'pipe' });
  }

  mount(): Mounted {
    return mount(this.#at, '-o', this.kind.options, this.#image);
  }

  /** Copies all that has reached the device. */
  copyTo(other: Disk): void {
    execFileSync('cp', ['--sparse=always', this.#image, other.#image]);
  }
}

/** Why a file system of this type cannot be mounted here, or null if it can. */
export function whyNoDisk(type: DiskType, image: string, at: string): string | null {
  return reason(() => {
    const disk = new Disk(type, image, at);
    disk.format();
    disk.mount()[Symbol.dispose]();
    fs.rmSync(image);
  });
}

function reason(attempt: () => void): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
  }
}
