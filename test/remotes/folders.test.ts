import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guardMounts, mount, mountTmpfs, whyNoTmpfs } from '../faults/support/mounts.ts';
import { compileShim, readCalls, shimEnvironment } from '../faults/support/shim.ts';
import { stride } from '../support/effort.ts';
import { isRoot } from '../support/other-user.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { filesOf, judge, placeInFolder } from './support/judge.ts';
import { Machine } from './support/machine.ts';

/* A folder as a remote: killed at every change that a push makes there, full, read-only, not mounted, with links in it, and on file systems that can do less. */
const TIMEOUT = 1_200_000;

const temp: TempFolder = tempFolder('migbackup-folder-remote-');
const library = compileShim(temp.path);
const mountPoint = path.join(temp.path, 'mnt');
afterAll(() => temp[Symbol.dispose]());

describe('a folder as a remote', () => {
  let machine: Machine;
  let other: Machine;
  let id: string;
  let backup: string;
  beforeAll(async () => {
    ({ machine, id, backup } = await Machine.withBackup());
    other = Machine.withProjectOf(machine);
  }, 120_000);
  afterAll(() => {
    machine[Symbol.dispose]();
    other[Symbol.dispose]();
  });

  const push = (): ReturnType<Machine['run']> => machine.run('push', id, '--remote', 'disk', '--yes');

  async function use(folder: string): Promise<void> {
    for (const each of [machine, other]) each.setRemotes({ disk: { url: `file://${folder}` } });
    const { exitCode, stdout, stderr } = await machine.run('remote', 'init', 'disk', '--yes');
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
  }

  /** A copy is there, another machine gets every byte of it, and a second push finds it. */
  async function expectWhole(folder: string): Promise<void> {
    expect(await judge(placeInFolder(folder), [backup])).toEqual({ copies: [expect.stringContaining(id)], wrong: [] });
    other.forget();
    for (const command of [
      ['list', '--remote', 'disk'],
      ['verify', id, '--remote', 'disk'],
      ['pull', id, '--remote', 'disk', '--yes'],
    ]) {
      const { exitCode, stdout, stderr } = await other.run(...command);
      expect(exitCode, `${command.join(' ')}: ${stdout}${stderr}`).toBe(0);
    }
    expect(filesOf(path.join(other.backups, id))).toEqual(filesOf(backup));
    expect((await push()).exitCode).toBe(0);
  }

  test.skipIf(library === null)(
    withReason('killed at each change', library === null ? 'it needs Linux and a C compiler' : null),
    { timeout: TIMEOUT },
    async () => {
      const log = path.join(temp.path, 'calls');
      const clean = path.join(temp.path, 'clean');
      await use(clean);
      machine.env = shimEnvironment(library ?? '', { root: clean, log });
      expect((await push()).exitCode).toBe(0);
      machine.env = {};
      await expectWhole(clean);
      const calls = readCalls(log).length;
      expect(calls).toBeGreaterThan(20);
      let killed = 0;
      for (const kind of ['kill', 'torn'] as const) {
        for (let at = 1; at <= calls; at += stride(16)) {
          const folder = path.join(temp.path, `${kind}-${at}`);
          await use(folder);
          machine.env = shimEnvironment(library ?? '', { root: folder, at, kind });
          const { signal } = await push();
          machine.env = {};
          expect(signal, `${kind} at ${at}`).toBe('SIGKILL');
          killed++;
          const { copies, wrong } = await judge(placeInFolder(folder), [backup]);
          expect(wrong, `${kind} at ${at}`).toEqual([]);
          const listed = await machine.run('list', '--remote', 'disk', '--json');
          expect(listed.stdout.includes(`"${id}"`), `listed after ${kind} at ${at}`).toBe(copies.length > 0);
          expect((await push()).exitCode, `pushed again after ${kind} at ${at}`).toBe(0);
          expect(await judge(placeInFolder(folder), [backup])).toEqual({ copies: [expect.any(String)], wrong: [] });
          rmSync(folder, { recursive: true });
        }
      }
      process.stdout.write(`a push to a folder, ${killed} kills at one of ${calls} changes\n`);
    },
  );

  test('a disk that is not mounted is not an empty remote', { timeout: TIMEOUT }, async () => {
    const folder = path.join(temp.path, 'disk');
    await use(folder);
    expect((await push()).exitCode).toBe(0);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    for (const command of [['push', id], ['list'], ['pull', id]]) {
      const { exitCode, stderr } = await machine.run(...command, '--remote', 'disk', '--yes');
      expect(exitCode, stderr).toBe(2);
    }
    expect(filesOf(folder).size).toBe(0);
  });

  test('altered and missing files are found, and never pulled', { timeout: TIMEOUT }, async () => {
    const folder = path.join(temp.path, 'altered');
    await use(folder);
    await push();
    const data = path.join(folder, 'v1/data');
    const archive = [...filesOf(data).keys()].find((name) => name.endsWith('legacy-json.tar.zst')) ?? '';
    const file = path.join(data, archive);
    const bytes = filesOf(data).get(archive) ?? Buffer.alloc(0);
    for (const harm of [
      () => writeFileSync(file, Buffer.from(bytes).fill(0, 9_000_000, 9_000_001)),
      () => truncateSync(file, bytes.length - 1),
      () => rmSync(file),
      () => symlinkSync(path.join(backup, 'legacy-json.tar.zst'), file),
    ]) {
      harm();
      other.forget();
      for (const command of [
        ['verify', id],
        ['pull', id],
      ]) {
        const { exitCode, stdout, stderr } = await other.run(...command, '--remote', 'disk', '--yes');
        expect([4, 6], `${command.join(' ')}: ${stdout}${stderr}`).toContain(exitCode);
      }
      expect(existsSync(path.join(other.backups, id))).toBe(false);
    }
    rmSync(file);
    await expectWholeAfterPushOf(folder);
  });

  /** The commit is there, so a push changes nothing: the way on is to remove the copy and push again. */
  async function expectWholeAfterPushOf(folder: string): Promise<void> {
    rmSync(path.join(folder, 'v1'), { recursive: true });
    expect((await push()).exitCode).toBe(0);
    await expectWhole(folder);
  }

  test('links that lead out are not followed', { timeout: TIMEOUT }, async () => {
    const folder = path.join(temp.path, 'links');
    const outside = path.join(temp.path, 'outside');
    mkdirSync(outside);
    await use(folder);
    symlinkSync(outside, path.join(folder, 'v1'));
    const { exitCode, stdout, stderr } = await push();
    expect([4, 5, 6], `${stdout}${stderr}`).toContain(exitCode);
    expect(filesOf(outside).size).toBe(0);
  });

  const whyNoMounts = whyNoTmpfs(mountPoint);
  test.skipIf(whyNoMounts !== null)(withReason('a full disk', whyNoMounts), { timeout: TIMEOUT }, async () => {
    guardMounts(temp.path);
    for (const size of ['200k', '9m', '17m']) {
      using disk = mountTmpfs(mountPoint, `size=${size}`);
      await use(disk.at);
      const { exitCode, stderr } = await push();
      expect(exitCode, `${size}: ${stderr}`).toBe(5);
      expect(stderr).toMatch(/space/);
      expect((await judge(placeInFolder(disk.at), [backup])).copies).toEqual([]);
      execFileSync('mount', ['-o', 'remount,size=64m', disk.at]);
      expect((await push()).exitCode).toBe(0);
      await expectWhole(disk.at);
    }
  });

  test.skipIf(whyNoMounts !== null)(
    withReason('a pull to a full disk', whyNoMounts),
    { timeout: TIMEOUT },
    async () => {
      const folder = path.join(temp.path, 'whole');
      await use(folder);
      await push();
      using disk = mountTmpfs(mountPoint, 'size=9m');
      const pull = ['pull', id, '--remote', 'disk', '--yes', '--backups', disk.at];
      const { exitCode, stderr } = await other.run(...pull);
      expect(exitCode, stderr).toBe(5);
      expect(existsSync(path.join(disk.at, id))).toBe(false);
      execFileSync('mount', ['-o', 'remount,size=64m', disk.at]);
      const again = await other.run(...pull);
      expect(again.exitCode, again.stderr).toBe(0);
      expect(filesOf(path.join(disk.at, id))).toEqual(filesOf(backup));
    },
  );

  test.skipIf(whyNoMounts !== null)(
    withReason('a read-only disk is read', whyNoMounts),
    { timeout: TIMEOUT },
    async () => {
      using disk = mountTmpfs(mountPoint, 'size=64m');
      await use(disk.at);
      execFileSync('mount', ['-o', 'remount,ro', disk.at]);
      const { exitCode, stderr } = await push();
      expect(exitCode, stderr).toBe(5);
      execFileSync('mount', ['-o', 'remount,rw', disk.at]);
      expect((await push()).exitCode).toBe(0);
      execFileSync('mount', ['-o', 'remount,ro', disk.at]);
      await expectWhole(disk.at);
    },
  );

  test.skipIf(isRoot)(
    withReason('a folder without the right to write', isRoot ? 'root may always' : null),
    async () => {
      const folder = path.join(temp.path, 'denied');
      await use(folder);
      chmodSync(folder, 0o500);
      expect((await push()).exitCode).toBe(5);
      chmodSync(folder, 0o700);
    },
  );

  const image = path.join(temp.path, 'vfat.img');
  const whyNoVfat = reasonFor(() => {
    writeFileSync(image, '');
    truncateSync(image, 64 << 20);
    execFileSync('mkfs.vfat', [image], { stdio: 'pipe' });
    mount(mountPoint, '-o', 'loop', image)[Symbol.dispose]();
  });
  test.skipIf(whyNoVfat !== null)(withReason('vfat', whyNoVfat), { timeout: TIMEOUT }, async () => {
    using disk = mount(mountPoint, '-o', 'loop', image);
    await use(disk.at);
    expect((await push()).exitCode).toBe(0);
    await expectWhole(disk.at);
  });

  const noLinks = library === null ? null : compileNoLinks();
  test.skipIf(noLinks === null)(
    withReason('a file system without second names', noLinks === null ? 'it needs Linux and a C compiler' : null),
    { timeout: TIMEOUT },
    async () => {
      const folder = path.join(temp.path, 'no-links');
      await use(folder);
      const refused = path.join(temp.path, 'refused');
      machine.env = { LD_PRELOAD: noLinks ?? '', REFUSED: refused };
      const { exitCode, stdout, stderr } = await push();
      machine.env = {};
      expect(exitCode, `${stdout}${stderr}`).toBe(0);
      expect(existsSync(refused)).toBe(true);
      await expectWhole(folder);
    },
  );
});

function reasonFor(attempt: () => void): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
  }
}

/** A library with which link(2) fails as it does on vfat, exFAT and many shares. */
function compileNoLinks(): string {
  const [source, output] = ['no-links.c', 'no-links.so'].map((name) => path.join(temp.path, name));
  writeFileSync(
    source ?? '',
    `#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
static int refuse(void) { creat(getenv("REFUSED"), 0600); errno = EPERM; return -1; }
int link(const char *a, const char *b) { return refuse(); }
int linkat(int d, const char *a, int e, const char *b, int f) { return refuse(); }
`,
  );
  execFileSync('cc', ['-shared', '-fPIC', '-o', output ?? '', source ?? ''], { stdio: 'pipe' });
  return output ?? '';
}
