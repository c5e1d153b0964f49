import type fs from 'node:fs';
import type path from 'node:path';

/** What the keeper is told, one line each; it answers each with one line, in order. */
export type KeeperRequest =
  | { readonly lease: number; readonly hold: string; readonly scratch: readonly string[] }
  /** Lets go of all that the lease holds. */
  | { readonly lease: number; readonly release: true };

/** `mine`: it has the lock. `none`: there is no lock, and nobody may make one here. `held`: somebody else has it. */
export type KeeperAnswer = 'mine' | 'none' | 'held' | `unknown: ${string}`;

/** The modules that it works with. */
export interface KeeperParts {
  readonly ClassicLevel: new (folder: string) => { open(): Promise<void>; close(): Promise<void> };
  readonly fs: typeof fs;
  readonly path: typeof path;
}

/**
 * The process that holds the locks of databases, and does nothing else: an fcntl lock is dropped by its process as soon as that closes any
 * descriptor of the file. It ends, and lets go, when its standard input does: with the process that started it, however that ends.
 *
 * This function is handed to another Node as a text (KEEPER_SCRIPT): it may use nothing but what it is given.
 */
export function keepLocks({ ClassicLevel, fs: files, path: paths }: KeeperParts): void {
  interface Held {
    readonly lease: number;
    readonly scratch: string;
    readonly database: { close(): Promise<void> };
  }
  const held = new Map<string, Held>();

  const lookAt = (file: string) => files.lstatSync(file, { bigint: true, throwIfNoEntry: false });

  /** LevelDB makes LOCK where there is none: the folder's times stay what they were. */
  async function hold(lease: number, dir: string, scratchPlaces: readonly string[]): Promise<string> {
    const lock = paths.join(dir, 'LOCK');
    const folder = lookAt(dir);
    const before = lookAt(lock);
    if (folder === undefined) return 'none';
    if (before !== undefined && !before.isFile()) return 'unknown: LOCK is not a regular file';
    const known = before === undefined ? undefined : held.get(`${before.dev}:${before.ino}`);
    // Opening it again, and closing it, would drop the lock.
    if (known !== undefined) return known.lease === lease ? 'mine' : 'held';
    if (before === undefined) {
      try {
        files.closeSync(files.openSync(lock, 'wx', 0o644));
        // Whoever uses the database must be able to open what root made.
        if (process.geteuid?.() === 0) files.lchownSync(lock, Number(folder.uid), Number(folder.gid));
        files.utimesSync(dir, Number(folder.atimeNs) / 1e9, Number(folder.mtimeNs) / 1e9);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        if (['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR'].includes(code)) return 'none';
        if (code !== 'EEXIST') throw error;
      }
    }
    let refusal: unknown;
    for (const place of scratchPlaces) {
      try {
        return await holdFrom(place, lease, lock);
      } catch (error) {
        refusal = error;
      }
    }
    throw refusal;
  }

  async function holdFrom(place: string, lease: number, lock: string): Promise<string> {
    const scratch = files.mkdtempSync(`${place}${process.pid}-`);
    try {
      files.symlinkSync(lock, paths.join(scratch, 'LOCK'));
      const database = new ClassicLevel(scratch);
      await database.open();
      const { dev, ino } = files.statSync(paths.join(scratch, 'LOCK'), { bigint: true });
      held.set(`${dev}:${ino}`, { lease, scratch, database });
      return 'mine';
    } catch (error) {
      files.rmSync(scratch, { recursive: true, force: true });
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') return 'held';
      throw new Error(
        (cause instanceof Error ? cause.message : String(cause)).replaceAll(scratch, paths.dirname(lock)),
        {
          cause: error,
        },
      );
    }
  }

  async function release(lease: number | null): Promise<string> {
    for (const [key, each] of held) {
      if (lease !== null && each.lease !== lease) continue;
      held.delete(key);
      await each.database.close();
      files.rmSync(each.scratch, { recursive: true, force: true });
    }
    return 'none';
  }

  async function answer(line: string): Promise<void> {
    let said: string;
    try {
      const request: KeeperRequest = JSON.parse(line);
      said =
        'hold' in request ? await hold(request.lease, request.hold, request.scratch) : await release(request.lease);
    } catch (error) {
      said = `unknown: ${error instanceof Error ? error.message : String(error)}`;
    }
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }

  // A terminal sends its signals to the whole group; when the work is done says who started this.
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
  // Nothing is left to wait for then: the process ends.
  process.stdin.on('close', () => void last.then(() => release(null)));
}

/**
 * What another Node is given to run; the path of classic-level is its last argument. Its own `require` would read the package.json of the folder that
 * it runs in, and a command that failed may have left that half-written.
 */
export const KEEPER_SCRIPT = `const { createRequire: requireOf } = require('node:module');
(${keepLocks.toString()})({
  ClassicLevel: requireOf(process.argv.at(-1))(process.argv.at(-1)).ClassicLevel,
  fs: require('node:fs'),
  path: require('node:path'),
});`;

/** The same in this process: what a single binary runs as its own child. */
export async function runKeeper(): Promise<void> {
  const [{ ClassicLevel }, files, paths] = await Promise.all([
    import('classic-level'),
    import('node:fs'),
    import('node:path'),
  ]);
  keepLocks({ ClassicLevel, fs: files.default, path: paths.default });
}
