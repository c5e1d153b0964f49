import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installPackage, type InstalledPackage } from '../support/install-package.ts';
import { mainJob } from '../support/main-job.ts';
import { tempFolder } from '../support/temp-folder.ts';

const temp = tempFolder();
let installed: InstalledPackage;
beforeAll(() => {
  installed = installPackage(temp.path);
}, 120_000);
afterAll(() => temp[Symbol.dispose]());

/** A plain user's environment: the Node that runs the tests is the one that `#!/usr/bin/env node` finds. */
const env = { HOME: temp.path, PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin` };

test('the tarball holds these files and no other', () => {
  expect(installed.files.toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'bin/compiled-code.js',
    'bin/package.json',
    'bin/run.js',
    'dist/encryption.cjs',
    'dist/libraries.cjs',
    'dist/licenses.txt',
    'dist/migbackup.cjs',
    'dist/remotes.cjs',
    'package.json',
    'schemas/config.json',
  ]);
});

test('one dependency, exactly pinned, and publint has nothing to say', async () => {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(`${installed.package}/package.json`, 'utf8'),
  );
  expect(dependencies).toEqual({ 'classic-level': expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  expect({ optionalDependencies, peerDependencies }).toEqual({});
  const { messages } = await publint({ pkgDir: installed.package, strict: true });
  expect(messages).toEqual([]);
});

test('the licences of what is bundled are handed on', () => {
  const licenses = readFileSync(`${installed.package}/dist/licenses.txt`, 'utf8');
  for (const name of ['@oclif/core', 'archiver', 'pino', 'zod']) expect(licenses).toContain(`== ${name}\n`);
});

test('installed into an empty folder it creates, verifies, destroys and restores', { timeout: 60_000 }, async () => {
  expect(await mainJob([installed.program], path.join(temp.path, 'project'), { env })).toEqual([]);
});

test('it prints its version from another folder, and leaves none of the checkout in the bundle', () => {
  const { stdout, status } = spawnSync(installed.program, ['--version'], { cwd: '/', env, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^migbackup\/\d+\.\d+\.\d+ /);
  const bundle = readFileSync(`${installed.package}/dist/migbackup.cjs`, 'utf8');
  expect(bundle.includes(path.resolve(import.meta.dirname, '../..'))).toBe(false);
});
