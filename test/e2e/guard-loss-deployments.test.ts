import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { cleanEnvironment, cliCommand, runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
const OPENZEPPELIN = '.openzeppelin/mainnet.json';

let temp: TempFolder;
beforeEach(() => {
  temp = tempFolder();
  put(temp.path, 'package.json', '{}');
  put(temp.path, 'deployments/bsc.json', registry(56, { Vault: { address: A }, Old: { address: B } }));
  put(temp.path, 'deployments/local.json', registry(31337, { Test: { address: A } }));
  put(temp.path, OPENZEPPELIN, manifest(A, B));
});
afterEach(() => temp[Symbol.dispose]());

const registry = (chainId: number, contracts: object): string => JSON.stringify({ network: 'x', chainId, contracts });
const manifest = (...addresses: string[]): string =>
  JSON.stringify({ manifestVersion: '3.2', proxies: addresses.map((address) => ({ address })), impls: {} });
const read = (file: string): string => fs.readFileSync(path.join(temp.path, file), 'utf8');

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
  fs.writeFileSync(path.join(temp.path, 'migrate.mjs'), MIGRATION(end));
  return runCli(['guard', ...flags, '--', process.execPath, 'migrate.mjs'], { cwd: temp.path });
}

/** Runs the line that a text ends with. */
function paste(text: string): void {
  const [, line = ''] = /run: migbackup (.*)$/.exec(text) ?? [];
  const words = cliCommand().map((word) => `'${word}'`);
  execFileSync('sh', ['-c', `${words.join(' ')} ${line} --yes`], { cwd: temp.path, env: cleanEnvironment() });
}

test.each([
  ['succeeded', '', 0, []],
  ['rolled-back', 'process.exit(3)', 20, []],
  ['rolled-back', '', 20, ['--expect', 'no-loss']],
] as const)('what a command lost on live chains is in the result, also if it was %s', async (...given) => {
  const [outcome, end, exitCode, flags] = given;
  const run = await guard(end, '--json', ...flags);
  expect(run, run.stderr).toMatchObject({ exitCode });
  const report: Record<string, unknown> = JSON.parse(run.stdout);
  expect(schemaViolations('guard', report)).toEqual([]);
  const old = { chainId: '56', name: 'Old', address: B, file: 'deployments/bsc.json', pointer: '/contracts/Old' };
  expect(report).toMatchObject({ outcome, loss: { deployments: { lost: 1, records: [old] } } });
});

test('a person reads it too', async () => {
  const allowed = await guard('', '--expect', 'no-loss', '--allow-loss', '56/Old');
  expect(allowed.stderr.replaceAll(/\s+/g, ' ')).toContain(
    `- lost, as --allow-loss says: 1 deployment is recorded no more - Old on chain 56: ${B}, was in deployments/bsc.json`,
  );
  expect(allowed.exitCode).toBe(0);
  expect(await runCli(['undo', '--yes'], { cwd: temp.path })).toMatchObject({ exitCode: 0 });
  const { stderr, exitCode } = await guard('');
  expect(exitCode).toBe(0);
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(
    `! lost: 1 deployment is recorded no more - Old on chain 56: ${B}, was in deployments/bsc.json`,
  );
});

test('a command that loses nothing says nothing, unless no loss is expected', async () => {
  const { stdout } = await runCli(['guard', '--json', '--', 'true'], { cwd: temp.path });
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'succeeded', findings: [], loss: { deployments: { lost: 0 } } });
  const said = await runCli(['guard', '--expect', 'no-loss', '--', 'true'], { cwd: temp.path });
  expect(said.stderr).toContain('No record or deployment is lost: the backup holds no database.');
});

test('transactions that were sent stay, and the line that is printed brings back what was lost', async () => {
  const both = `writeFileSync('${OPENZEPPELIN}', ${JSON.stringify(manifest(A, '0x1111111111111111111111111111111111111111'))})`;
  const kept = await guard(both, '--json', '--expect', 'no-loss');
  expect(kept, kept.stderr).toMatchObject({ exitCode: 21 });
  const report: { findings: { code: string; recommendation: string }[] } = JSON.parse(kept.stdout);
  expect(report).toMatchObject({ outcome: 'kept', external: [OPENZEPPELIN] });
  const left = report.findings.find(({ code }) => code === 'lost-not-restored');
  paste(left?.recommendation ?? '');
  expect(read(`restored/${OPENZEPPELIN}`)).toBe(manifest(A, B));
  expect(read('restored/deployments/bsc.json')).toContain(B);
  expect(read(OPENZEPPELIN)).not.toContain(B);
});

test('where nothing is in its place, it is brought back there', async () => {
  const gained = `writeFileSync('${OPENZEPPELIN}', ${JSON.stringify(manifest(A, B, '0x1111111111111111111111111111111111111111'))})`;
  const kept = await guard(gained, '--json', '--expect', 'no-loss');
  expect(kept, kept.stderr).toMatchObject({ exitCode: 21 });
  const report: { findings: { code: string; recommendation: string }[] } = JSON.parse(kept.stdout);
  paste(report.findings.find(({ code }) => code === 'lost-not-restored')?.recommendation ?? '');
  expect(read('deployments/bsc.json')).toContain(B);
  expect(read(OPENZEPPELIN)).toContain('0x1111');
});
