import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { npm } from '../../scripts/npm.ts';

const checkout = path.resolve(import.meta.dirname, '../..');

export interface InstalledPackage {
  /** The installed package's own folder. */
  readonly package: string;
  /** What npm makes of `bin`. */
  readonly program: string;
  /** Paths in the tarball. */
  readonly files: string[];
}

/** Packs this checkout as it is built and installs the tarball into an empty folder, as a user does, without install scripts. */
export function installPackage(folder: string): InstalledPackage {
  const [packed] = JSON.parse(npm(checkout, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder));
  const user = path.join(folder, 'user');
  mkdirSync(user);
  writeFileSync(path.join(user, 'package.json'), '{"private": true}\n');
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  npm(user, 'install', ...quiet, path.join(folder, packed.filename));
  const modules = path.join(user, 'node_modules');
  return {
    package: path.join(modules, 'migbackup'),
    program: path.join(modules, '.bin/migbackup'),
    files: packed.files.map((file: { path: string }) => file.path),
  };
}
