import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyStarter, startAlone, writeDist } from '../support/copied-starter.ts';
import { canRunAsUser, isRoot } from '../support/other-user.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A user that no file of users knows, as in a container. */
const NAMELESS = 54_321;

test('the program gets the libraries when it asks for them, once', () => {
  const { stdout } = startAlone((root) => {
    const asks = `process.stdout.write(String(require('./libraries.cjs') === require('./libraries.cjs')));`;
    writeDist(root, `(function (exports, require) { ${asks} })`);
    const made = `(function (exports, require, module) { process.stdout.write('made '); module.exports = {}; })`;
    writeFileSync(path.join(root, 'dist/libraries.cjs'), made);
  });
  expect(stdout).toBe('made true');
});

describe.skipIf(process.platform !== 'linux')('compiled code (on Linux)', () => {
  interface Start {
    readonly home?: string;
    readonly cwd?: string;
    readonly user?: number;
  }

  /** The folder that a started program keeps compiled code in, with this cache folder; `undefined` if it keeps none. */
  function compileCacheIn(cache: string | undefined, { home, cwd, user }: Start = {}): string {
    using folder = tempFolder();
    chmodSync(folder.path, 0o755);
    const run = copyStarter(folder.path);
    const program = `(function (exports, require) { process.stdout.write(String(require('node:module').getCompileCacheDir())); })`;
    writeDist(folder.path, program);
    const env = { XDG_CACHE_HOME: cache, HOME: home };
    const as = { cwd: cwd ?? folder.path, ...(user !== undefined && { uid: user, gid: user }) };
    const { stdout, stderr } = spawnSync(process.execPath, [run], { encoding: 'utf8', env, ...as });
    return stdout + stderr;
  }

  /** A program in a folder of its own, run as often as asked with the same cache folder; each run says what compiled code it found. */
  function programIn(folder: string, cache: string) {
    const starter = copyStarter(folder);
    const say = (text: string): void =>
      writeDist(
        folder,
        `(function () { function say(word) { process.stdout.write(word + ' ${text}'); } say(process.argv[2]); })`,
      );
    const kept = (): string[] =>
      readdirSync(path.join(cache, 'migbackup/compiled')).filter((name) => name.startsWith('bundle-'));
    const run = (word: string): string => {
      const { stdout, stderr } = spawnSync(process.execPath, [starter, word], {
        encoding: 'utf8',
        env: { XDG_CACHE_HOME: cache },
      });
      return stdout + stderr;
    };
    const file = (): string => path.join(cache, 'migbackup/compiled', kept()[0] ?? '');
    return { say, run, kept, file };
  }

  test('is kept once for each command, and used by the next run', () => {
    using temp = tempFolder();
    const { say, run, kept, file } = programIn(path.join(temp.path, 'program'), path.join(temp.path, 'cache'));
    say('one');
    expect(run('create')).toBe('create one');
    const { ino } = statSync(file());
    expect(run('create')).toBe('create one');
    expect(statSync(file()).ino).toBe(ino);
    expect(run('verify')).toBe('verify one');
    expect(run('--version')).toBe('--version one');
    expect(run('../../evil')).toBe('../../evil one');
    expect(kept().map((name) => name.replace(/^bundle-[0-9a-f]{8}-/, ''))).toEqual(['create', 'start', 'verify']);
  });

  test('is made anew when the program is another, of the same length and time too', () => {
    using temp = tempFolder();
    const { say, run, file } = programIn(path.join(temp.path, 'program'), path.join(temp.path, 'cache'));
    for (const text of ['one', 'two', 'six']) {
      say(text);
      utimesSync(path.join(temp.path, 'program/dist/migbackup.cjs'), 1_000_000, 1_000_000);
      expect(run('create')).toBe(`create ${text}`);
      const { ino } = statSync(file());
      expect(run('create')).toBe(`create ${text}`);
      expect(statSync(file()).ino).toBe(ino);
    }
  });

  test('is not run when it is damaged, wherever and however', () => {
    using temp = tempFolder();
    const { say, run, file } = programIn(path.join(temp.path, 'program'), path.join(temp.path, 'cache'));
    say('one');
    run('create');
    const whole = readFileSync(file());
    const flipped = (at: number): Buffer => {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    };
    const places = [0, 20, 130, whole.length >> 1, whole.length - 1];
    const damaged = [Buffer.alloc(0), whole.subarray(0, 100), whole.subarray(0, -1), ...places.map(flipped)];
    for (const bytes of damaged) {
      writeFileSync(file(), bytes);
      expect(run('create')).toBe('create one');
      // Made anew.
      expect(readFileSync(file()).length).toBe(whole.length);
    }
  });

  test('is kept in a folder of the user, closed to others', () => {
    using cache = tempFolder();
    const folder = path.join(cache.path, 'migbackup/compiled');
    expect(compileCacheIn(cache.path).startsWith(folder)).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('is not taken from a folder that others can write to, nor looked for where none can be made', () => {
    using cache = tempFolder();
    const folder = path.join(cache.path, 'migbackup/compiled');
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    expect(compileCacheIn(cache.path)).toBe('undefined');
    expect(compileCacheIn('/dev/null')).toBe('undefined');
  });

  test('is not taken from below a folder in which others can rename', () => {
    using cache = tempFolder();
    const shared = path.join(cache.path, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    expect(compileCacheIn(shared)).toBe('undefined');
    chmodSync(shared, 0o1777);
    expect(compileCacheIn(shared).startsWith(shared)).toBe(true);
  });

  test.each(['', 'here', '.'])('with HOME=%o nothing is looked for or left in the working folder', (home) => {
    using cwd = tempFolder();
    expect(compileCacheIn(undefined, { home, cwd: cwd.path })).toBe('undefined');
    expect(readdirSync(cwd.path)).toEqual([]);
  });

  test.skipIf(!isRoot || !canRunAsUser)(
    'a user without a name and a home starts all the same (whom only root can become)',
    () => {
      expect(compileCacheIn(undefined, { user: NAMELESS, cwd: '/' })).toBe('undefined');
    },
  );
});
