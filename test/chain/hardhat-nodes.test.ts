/** Against real nodes: those of another chain, those that stopped, and what a person sees. */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HardhatNode, startHardhat } from '../servers/hardhat.ts';
import { runCli } from '../support/run-cli.ts';
import { CHAIN, checkIn, DeployedProject } from './support/deployed-project.ts';

let project: DeployedProject;
let node: HardhatNode;
let root: string;
let at: Record<string, string>;
beforeAll(async () => {
  project = await DeployedProject.make();
  ({ node, root, at } = project);
}, 120_000);
afterAll(() => project[Symbol.asyncDispose]());

const verify: DeployedProject['verify'] = (...args) => project.verify(...args);

test('another chain id: nothing else is asked', async () => {
  await using other = await startHardhat(97);
  const { exitCode, said, report } = await verify(undefined, `${CHAIN}=${other.url}`);
  expect(said).toEqual([`chain-other: chain ${CHAIN} was not asked: the node at ${other.url} is one of chain 97`]);
  expect(report).toMatchObject({ status: 'FAILED', chains: [{ status: 'DIFFERS', block: null, contracts: [] }] });
  expect(exitCode).toBe(4);
});

test('a chain on which nothing is recorded is not proven', async () => {
  const { exitCode, said, report } = await verify(undefined, `56=${node.url}`);
  expect(said).toEqual([
    'chain-not-proven: chain 56 is not proven: the backup records no address on it, so there was nothing to ask',
  ]);
  expect(report.findings.find((each) => each.code === 'chain-not-asked')?.message).toContain('9 on chain 4242');
  expect(exitCode).toBe(4);
});

test('a node that stopped is not proven', async () => {
  const other = await startHardhat(CHAIN);
  await other[Symbol.asyncDispose]();
  const { exitCode, said, report } = await verify(undefined, `${CHAIN}=${other.url}`);
  expect(said).toEqual([
    expect.stringMatching(/^chain-not-proven: .*the node at http:\S+ cannot be reached: .*ECONNREFUSED/),
  ]);
  expect(checkIn(report).status).toBe('NOT_PROVEN');
  expect(exitCode).toBe(4);
});

test('a node that takes a connection and never answers is not proven after ten seconds', async () => {
  const { createServer } = await import('node:net');
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const began = performance.now();
  const { exitCode, said } = await verify(undefined, `${CHAIN}=http://127.0.0.1:${port}`);
  silent.close();
  expect(said).toEqual([expect.stringContaining('gave no whole answer to eth_chainId within 10 s')]);
  expect(performance.now() - began).toBeLessThan(25_000);
  expect(exitCode).toBe(4);
});

test('the page that a person sees', async () => {
  await verify();
  const { stdout, exitCode } = await runCli(
    ['verify', '--chain', String(CHAIN), '--root', root, '--backups', project.backups],
    {
      env: { [`MIGBACKUP_CHAIN_${CHAIN}`]: node.url },
    },
  );
  expect(stdout).toMatch(/chain 4242: agrees {2}http:\/\/127\.0\.0\.1:\d+, block \d+ of \d{4}-/);
  expect(stdout).toContain('9 addresses: 4 with the recorded code, 4 with the recorded code but');
  expect(exitCode).toBe(0);
  const list = await runCli(['list', '--root', root, '--backups', project.backups]);
  expect(list.stdout).toContain('verified');
});

test('the transactions of the node are those of this test alone: nothing was sent', async () => {
  const before = await node.rpc('eth_blockNumber');
  await verify();
  expect(await node.rpc('eth_blockNumber')).toBe(before);
});

test('the addresses that are kept are those of the node', () => {
  const text = readFileSync(path.join(root, 'deployments/test/Token.json'), 'utf8');
  expect(text).toContain(at['Token']);
});
