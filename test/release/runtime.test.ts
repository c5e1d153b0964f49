import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkIntegrity } from '../../scripts/release/runtime.ts';
import { builders, targets } from '../../scripts/release/targets.ts';

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
