import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';

let temp: TempFolder;
beforeEach(() => {
  temp = tempFolder();
  put(temp.path, 'package.json', '{}');
  put(temp.path, 'deployments/bsc.json', registry(56, { Vault: { address: A }, Old: { address: B } }));
  put(temp.path, 'deployments/local.json', registry(31337, { Test: { address: A } }));
});
afterEach(() => temp[Symbol.dispose]());

const registry = (chainId: number, contracts: object): string => JSON.stringify({ network: 'x', chainId, contracts });

/** A migration to a unified registry that forgets one of two contracts, and what is on the local chain. */
const MIGRATION = (end: string): string => `
import { rmSync, writeFileSync } from 'node:fs';
const contracts = { core: { Vault: { address: ${JSON.stringify(A.toLowerCase())} } }, protocol: {} };
writeFileSync('deployments/bsc.unified.json', JSON.stringify({ network: 'bsc', chainId: 56, contracts }));
rmSync('deployments/bsc.json');
rmSync('deployments/local.json');
${end}
`;

function guard(end: string, ...flags: string[]) {
  writeFileSync(path.join(temp.path, 'migrate.mjs'), MIGRATION(end));
  return runCli(['guard', ...flags, '--', process.execPath, 'migrate.mjs'], { cwd: temp.path });
}

test.each([
  ['succeeded', '', 0],
  ['rolled-back', 'process.exit(3)', 20],
])('what a command lost on live chains is in the result, also if it was %s', async (outcome, end, exitCode) => {
  const run = await guard(end, '--json');
  expect(run, run.stderr).toMatchObject({ exitCode });
  const report: Record<string, unknown> = JSON.parse(run.stdout);
  expect(schemaViolations('guard', report)).toEqual([]);
  expect(report).toMatchObject({
    outcome,
    lostDeployments: [
      { chainId: '56', name: 'Old', address: B, file: 'deployments/bsc.json', pointer: '/contracts/Old' },
    ],
  });
});

test('a person reads it too', async () => {
  const { stderr, exitCode } = await guard('');
  expect(exitCode).toBe(0);
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(
    `! lost: 1 deployment is recorded no more - Old on chain 56: ${B}, was in deployments/bsc.json`,
  );
});

test('a command that loses nothing says nothing', async () => {
  const { stdout } = await runCli(['guard', '--json', '--', 'true'], { cwd: temp.path });
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'succeeded', lostDeployments: [], findings: [] });
});

test('what cannot be looked at afterwards is not called lost: a finding says so', async () => {
  const end =
    "import('node:fs').then(({ symlinkSync }) => symlinkSync('../../elsewhere.json', 'deployments/bsc.json'));";
  const { stdout } = await guard(end, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    lostDeployments: [],
    findings: [{ code: 'registry-not-read', path: 'deployments/bsc.json' }],
  });
});
