import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from './temp-folder.ts';

export const binFolder = fileURLToPath(new URL('../../bin/', import.meta.url));

/** Copies bin/ alone into a folder, and answers where its run.js is then. */
export function copyStarter(root: string): string {
  cpSync(binFolder, path.join(root, 'bin'), { recursive: true });
  return path.join(root, 'bin/run.js');
}

/** What the build makes, each a function around a program. */
export function writeDist(root: string, program: string): void {
  mkdirSync(path.join(root, 'dist'), { recursive: true });
  writeFileSync(path.join(root, 'dist/migbackup.cjs'), program);
  writeFileSync(path.join(root, 'dist/libraries.cjs'), '(function () {})');
  writeFileSync(path.join(root, 'dist/remotes.cjs'), '(function () {})');
  writeFileSync(path.join(root, 'dist/encryption.cjs'), '(function () {})');
}

/** Starts a copy of bin/ in a folder of its own, after `prepare` has changed what is in it. */
export function startAlone(prepare: (root: string) => void = () => {}, leading: string[] = []) {
  using folder = tempFolder();
  const run = copyStarter(folder.path);
  prepare(folder.path);
  const { status, stdout, stderr } = spawnSync(process.execPath, [...leading, run, 'a', 'b'], { encoding: 'utf8' });
  return { status, stdout, stderr };
}
