import type fs from 'node:fs';
import type path from 'node:path';

/** A request to the keeper is one line. It answers each with one line, in order. */
export type KeeperRequest =
  /** `scratch`: prefixes for the path of a scratch folder. The first one that works is used. */
  | { readonly lease: number; readonly hold: string; readonly make: boolean; readonly scratch: readonly string[] }
  /** Releases every lock of the lease. */
  | { readonly lease: number; readonly release: true };

/**
 * `mine`: the keeper has the lock. `none`: there is no file to lock, and nobody may make one here. `read-only`: nobody may write to the file. `held`:
 * another process has the lock.
 */
export type KeeperAnswer = 'mine' | 'none' | 'read-only' | 'held' | `unknown: ${string}`;

/** The modules that it works with. */
export interface KeeperParts {
  readonly ClassicLevel: new (folder: string) => { open(): Promise<void>; close(): Promise<void> };
  readonly fs: typeof fs;
  readonly path: typeof path;
}

/**
 * The process that holds the locks of databases. It does nothing else, because a process loses its fcntl lock as soon as it closes any descriptor of
 * the file. When its standard input ends, it releases the locks and ends: that is when the process that started it ends, for whatever reason.
 *
 * Another Node gets this function as text (KEEPER_SCRIPT), so it may use only its arguments and globals.
 */
export function keepLocks({ ClassicLevel, fs: files, path: paths }: KeeperParts): void {
  interface Held {
    readonly lease: number;
    readonly scratch: string;
    readonly database: { close(): Promise<void> };
    /** Closing one of them would drop the lock. */
    readonly descriptors: number[];
  }
  const held = new Map<string, Held>();
  /** A link through this folder leads to the file of our descriptor and never makes a file. */
  const descriptors = '/proc/self/fd';

  const lookAt = (file: string) => files.lstatSync(file, { bigint: true, throwIfNoEntry: false });
  const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '');

  /** Makes the file as LevelDB would, but restores the folder's times. False if nobody may make it. */
  function makeFile(file: string): boolean {
    const dir = paths.dirname(file);
    const folder = lookAt(dir);
    if (folder === undefined) return false;
    try {
      files.closeSync(files.openSync(file, 'wx', 0o644));
      // The user of the database must be able to open a file that root made.
      if (process.geteuid?.() === 0) files.lchownSync(file, Number(folder.uid), Number(folder.gid));
      files.utimesSync(dir, Number(folder.atimeNs) / 1e9, Number(folder.mtimeNs) / 1e9);
    } catch (error) {
      if (['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR'].includes(codeOf(error))) return false;
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    return true;
  }

  async function hold({ lease, hold: file, make, scratch }: Extract<KeeperRequest, { hold: string }>): Promise<string> {
    const before = lookAt(file);
    if (before === undefined && !(make && makeFile(file))) return 'none';
    if (before !== undefined && !before.isFile()) return `unknown: ${paths.basename(file)} is not a regular file`;
    let fd;
    try {
      fd = files.openSync(file, files.constants.O_RDWR | files.constants.O_NOFOLLOW);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 'none';
      const isReadOnly = codeOf(error) === 'EROFS' || (before !== undefined && (before.mode & 0o222n) === 0n);
      if (!make && isReadOnly) return 'read-only';
      throw error;
    }
    const { dev, ino } = files.fstatSync(fd, { bigint: true });
    const known = held.get(`${dev}:${ino}`);
    if (known !== undefined) {
      known.descriptors.push(fd);
      return known.lease === lease ? 'mine' : 'held';
    }
    let refusal: unknown;
    for (const place of scratch) {
      try {
        const database = await lockFrom(place, file, fd);
        if (database === null) {
          refusal = undefined;
          break;
        }
        held.set(`${dev}:${ino}`, { ...database, lease, descriptors: [fd] });
        return 'mine';
      } catch (error) {
        refusal = error;
      }
    }
    files.closeSync(fd);
    if (refusal !== undefined) throw refusal;
    return 'held';
  }

  /** Null if another process has the lock. */
  async function lockFrom(place: string, file: string, fd: number): Promise<Pick<Held, 'scratch' | 'database'> | null> {
    const scratch = files.mkdtempSync(`${place}${process.pid}-`);
    try {
      // With the file's name, LevelDB would make a new file if this one went away meanwhile.
      const target = files.existsSync(descriptors) ? paths.join(descriptors, String(fd)) : file;
      files.symlinkSync(target, paths.join(scratch, 'LOCK'));
      const database = new ClassicLevel(scratch);
      await database.open();
      return { scratch, database };
    } catch (error) {
      files.rmSync(scratch, { recursive: true, force: true });
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      if (codeOf(cause) === 'LEVEL_LOCKED') return null;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(why.replaceAll(scratch, paths.dirname(file)), { cause: error });
    }
  }

  async function release(lease: number | null): Promise<string> {
    for (const [key, each] of held) {
      if (lease !== null && each.lease !== lease) continue;
      held.delete(key);
      await each.database.close();
      for (const fd of each.descriptors) files.closeSync(fd);
      files.rmSync(each.scratch, { recursive: true, force: true });
    }
    return 'none';
  }

  async function answer(line: string): Promise<void> {
    let said: string;
    try {
      const request: KeeperRequest = JSON.parse(line);
      said = 'hold' in request ? await hold(request) : await release(request.lease);
    } catch (error) {
      said = `unknown: ${error instanceof Error ? error.message : String(error)}`;
    }
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }

  // A terminal sends its signals to the whole group, but the process that started this one decides when it ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  process.stdout.on('error', () => {});
  let rest = '';
  let last = Promise.resolve();
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) last = last.then(() => answer(line));
  });
  // After that the process has nothing to wait for, so it ends.
  process.stdin.on('close', () => void last.then(() => release(null)));
}

/**
 * The script that another Node runs; the path of classic-level is its last argument. Its own `require` would read the package.json of the folder that
 * it runs in, and a command that failed may have left that half-written.
 */
export const KEEPER_SCRIPT = `const { createRequire: requireOf } = require('node:module');
(${keepLocks.toString()})({
  ClassicLevel: requireOf(process.argv.at(-1))(process.argv.at(-1)).ClassicLevel,
  fs: require('node:fs'),
  path: require('node:path'),
});`;

/** Runs the keeper in this process: a single binary starts itself for this. */
export async function runKeeper(): Promise<void> {
  const [{ ClassicLevel }, files, paths] = await Promise.all([
    import('classic-level'),
    import('node:fs'),
    import('node:path'),
  ]);
  keepLocks({ ClassicLevel, fs: files.default, path: paths.default });
}
