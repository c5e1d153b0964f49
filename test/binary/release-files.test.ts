import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isSigned } from '../../scripts/release/authenticode.ts';
import { signatureFaults } from '../../scripts/release/sign-mach-o.ts';
import { root } from '../../scripts/release/targets.ts';

/* What lies in release/: this machine's binary, or those of all platforms where `npm run build:release` was run. */
const release = path.join(root, 'release');
const NOT_BUILT = 'not built: `npm run build:release` builds those of all platforms';

describe.each(['darwin-x64', 'darwin-arm64'])('release/migbackup-%s', (name) => {
  const file = path.join(release, `migbackup-${name}`);
  test('its signature covers every page of it', ({ skip }) => {
    skip(!existsSync(file), NOT_BUILT);
    expect(signatureFaults(readFileSync(file))).toEqual([]);
  });
});

test('the Windows binary is not signed', ({ skip }) => {
  const file = path.join(release, 'migbackup-win-x64.exe');
  skip(!existsSync(file), NOT_BUILT);
  expect(isSigned(readFileSync(file))).toBe(false);
});

test('nothing in release/ names the folder that it was built in', () => {
  const built = readdirSync(release).filter((name) => /^(migbackup-.*-|LICENSES)/.test(name));
  expect(built).not.toEqual([]);
  const naming = built.filter((name) => readFileSync(path.join(release, name)).includes(root));
  expect(naming).toEqual([]);
});
