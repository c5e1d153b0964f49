/** release/package/: what is published to npm, ready for `npm pack` or `npm publish`. docs/decisions says why it is made. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';
import { licenseTexts } from './licenses.ts';
import { packageManifest } from './package-manifest.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Makes the folder of the npm package at `target`, afresh. */
export async function buildPackage(target: string): Promise<void> {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(path.join(target, 'dist'), { recursive: true });
  for (const file of ['LICENSE', 'README.md', 'bin/run.js', 'schemas/config.json']) {
    cpSync(path.join(root, file), path.join(target, file));
  }
  const packages = await bundle(path.join(target, 'dist/migbackup.cjs'), 'node');
  writeFileSync(path.join(target, 'dist/licenses.txt'), licenseTexts(packages));
  writeFileSync(path.join(target, 'package.json'), `${JSON.stringify(packageManifest(), null, 2)}\n`);
}

if (import.meta.main) {
  await buildPackage(path.join(root, 'release/package'));
  console.log('release/package');
}
