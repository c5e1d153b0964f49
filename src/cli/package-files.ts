import { readFileSync } from 'node:fs';
import type { Interfaces } from '@oclif/core';

/** What the program knows about itself: package.json and the manifest of its commands. The bundler replaces this module with the two texts. */
export interface PackageFiles {
  readonly packageJson: Interfaces.PJSON;
  readonly manifest: Interfaces.Manifest;
}

function read(name: string): string {
  // Two levels up from src/cli/ and from dist/cli/ alike.
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

export function readPackageFiles(): PackageFiles {
  return { packageJson: JSON.parse(read('package.json')), manifest: JSON.parse(read('oclif.manifest.json')) };
}
