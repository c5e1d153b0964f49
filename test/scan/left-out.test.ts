import picomatch from 'picomatch';
import { expect, test } from 'vitest';
import { DEFAULT_SECRETS } from '../../src/core/config/preset.ts';
import { secretMatcher } from '../../src/core/scan/left-out.ts';

const NAMES = [
  '.env',
  '.ENV.local',
  '.env.example',
  'a.pem',
  'A.KEY',
  'id_rsa',
  'id_rsa.pub',
  'UTC--2020--x',
  'x-keypair.json',
  'sui.keystore',
  'mnemonic.txt',
  'run.s.sol',
  'plain.json',
  'a b{1}[x].key',
];
const FOLDERS = ['', 'a/', 'a/.b/', 'cache/', 'x/cache_forge/Deploy.s.sol/', '.aptos/', 'k/.aptos/deep/', 'Keys/'];
/** As a config may have them. */
const WRITTEN = ['keys/**', '**/*.{one,two}', 'a/*.json', '**/[ab].pem', 'Keys/?lain.json', '**/x/**', '**/*b*'];

test.each([
  ['the presets', DEFAULT_SECRETS],
  ['a config', WRITTEN],
  ['patterns of names alone', ['**/*.pem']],
  ['patterns of paths alone', ['a/**']],
])('secrets by the patterns of %s are those that each pattern by itself says', (_, patterns) => {
  const isSecret = secretMatcher([...patterns]);
  const each = patterns.map((pattern) => picomatch(pattern, { dot: true, nocase: true }));
  const paths = FOLDERS.flatMap((folder) => NAMES.map((name) => `${folder}${name}`));
  const wanted = paths.filter((path) => each.some((matches) => matches(path)) && !path.endsWith('.env.example'));
  expect(wanted.length).toBeGreaterThan(0);
  expect(paths.filter(isSecret)).toEqual(wanted);
});

test('without patterns nothing is secret', () => {
  expect(secretMatcher([])('.env')).toBe(false);
});
