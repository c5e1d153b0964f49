import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { staleDocs } from '../../scripts/docs.ts';
import { manifestText } from '../../scripts/manifest.ts';
import { staleSchemas } from '../../scripts/schemas.ts';

test('oclif.manifest.json is what the commands say (npm run manifest)', async () => {
  const present = readFileSync(new URL('../../oclif.manifest.json', import.meta.url), 'utf8');
  expect(present).toBe(await manifestText());
});

test('schemas/ is what the models say (npm run schemas)', async () => {
  expect(await staleSchemas()).toEqual([]);
});

test('what is generated of the documentation is what the code says (npm run docs)', () => {
  expect(staleDocs()).toEqual([]);
});
