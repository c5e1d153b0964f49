import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { create } from 'tar';
import { expect, test } from 'vitest';
import { licenseTexts } from '../../scripts/licenses.ts';
import { checkIntegrity, extractRuntime } from '../../scripts/release/runtime.ts';
import { builders, targets } from '../../scripts/release/targets.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A published package with a "Node" in it, and its pin. */
async function published(folder: string) {
  mkdirSync(path.join(folder, 'package/bin'), { recursive: true });
  for (const name of ['bin/node', 'LICENSE', 'README.md']) writeFileSync(path.join(folder, 'package', name), name);
  const file = path.join(folder, 'package.tgz');
  await create({ file, gzip: true, cwd: folder }, ['package']);
  const tarball = readFileSync(file);
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  return { tarball, runtime: { name: 'node-x', version: '1.0.0', integrity, executable: 'bin/node' } };
}

test('every Node that goes into a binary, and every one that builds one, is pinned by a sha512', () => {
  const runtimes = [...targets.map(({ runtime }) => runtime), ...builders];
  for (const { name, integrity } of runtimes) expect(integrity, name).toMatch(/^sha512-[\w+/]{86}==$/);
});

test('every target has a builder of the same version, since both have to agree on the form of what is put in', () => {
  const versions = builders.map(({ version }) => version);
  for (const { name, runtime } of targets) expect(versions, name).toContain(runtime.version);
});

test('bytes that are not the pinned ones are refused, with both sums', () => {
  const bytes = Buffer.from('node');
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const runtime = { name: 'node-x', version: '1.0.0', integrity, executable: 'bin/node' };
  expect(() => checkIntegrity(bytes, runtime)).not.toThrow();
  expect(() => checkIntegrity(Buffer.from('nodf'), runtime)).toThrow(/node-x@1\.0\.0 is not what the lock file pins/);
});

test('what an earlier or another run left where Node is unpacked is replaced by the pinned bytes', async () => {
  using folder = tempFolder();
  const { tarball, runtime } = await published(folder.path);
  const planted = path.join(folder.path, 'work/node-x-1.0.0/bin');
  mkdirSync(planted, { recursive: true });
  for (const name of ['node', 'more']) writeFileSync(path.join(planted, name), 'evil');
  const { executable, folder: unpacked } = await extractRuntime(tarball, runtime, path.join(folder.path, 'work'));
  expect(readFileSync(executable, 'utf8')).toBe('bin/node');
  expect(new Set(readdirSync(unpacked, { recursive: true, encoding: 'utf8' }))).toEqual(
    new Set(['LICENSE', 'bin', path.join('bin', 'node')]),
  );
});

test('a tarball with one changed bit is not unpacked', async () => {
  using folder = tempFolder();
  const { tarball, runtime } = await published(folder.path);
  tarball.writeUInt8(tarball.readUInt8(40) ^ 1, 40);
  const work = path.join(folder.path, 'work');
  await expect(extractRuntime(tarball, runtime, work)).rejects.toThrow('is not what the lock file pins');
  expect(existsSync(work)).toBe(false);
});

test('licences are named by their packages and ordered by these names, wherever the packages lie', () => {
  using folder = tempFolder();
  const names = ['z/node_modules/@a/b', 'a/.work/node-x-1.0.0', 'm/node_modules/zod'];
  const folders = names.map((name) => path.join(folder.path, name));
  for (const one of folders) {
    mkdirSync(one, { recursive: true });
    writeFileSync(path.join(one, 'LICENSE'), 'text');
  }
  const titles = licenseTexts(folders).match(/^==.*$/gm);
  expect(titles).toEqual(['== @a/b', '== node-x-1.0.0', '== zod']);
});
