import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import type { GuardReport } from '../../src/core/model/guard-report.ts';
import { guard, type GuardOptions } from '../../src/core/operations/guard.ts';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** Deployments that a command loses, and what it may have sent to a chain. */

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
const C = '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB';
const D = '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb';

let temp: TempFolder;
let before: Tree;
const tree = (): Tree => readTree(temp.path, ['backups', '.migbackup']);

const unified = (chainId: number | undefined, contracts: Record<string, string>): unknown => ({
  network: 'x',
  chainId,
  contracts: Object.fromEntries(Object.entries(contracts).map(([name, address]) => [name, { address }])),
});
const manifest = (proxies: string[], impls: string[]): unknown => ({
  manifestVersion: '3.2',
  proxies: proxies.map((address) => ({ address, kind: 'uups' })),
  impls: Object.fromEntries(impls.map((address, at) => [`hash${at}`, { address, layout: {} }])),
});
const artifact = (address: string, implementation?: string): object => ({
  address,
  abi: [],
  bytecode: '0x60',
  receipt: {},
  ...(implementation !== undefined && { implementation }),
});
const OPENZEPPELIN = '.openzeppelin/mainnet.json';

beforeEach(() => {
  temp = tempFolder();
  const config = { preset: 'default', categories: { chain: { sources: { sent: { path: 'sent', external: true } } } } };
  write('package.json', {});
  write('migbackup.config.json', config);
  write('deployments/bsc.json', unified(56, { Vault: A, Old: B }));
  write('deployments/local.json', unified(31337, { Test: C }));
  write('deployments/sepolia/.chainId', '11155111');
  write('deployments/sepolia/Token.json', artifact(A));
  write(OPENZEPPELIN, manifest([C], [B, D]));
  write('sent/.chainId', '137');
  write('sent/Proxy.json', artifact(A, B));
  before = tree();
});
afterEach(() => temp[Symbol.dispose]());

function write(file: string, content: unknown): void {
  put(temp.path, file, typeof content === 'string' ? content : JSON.stringify(content));
}

/** A command that makes these files, or removes those that are null, and exits with 0. */
function changing(files: Record<string, unknown>): string[] {
  const code = `const fs = require('fs'); const path = require('path');
for (const [file, content] of Object.entries(JSON.parse(process.argv[2]))) {
  const at = path.join(process.argv[1], file);
  fs.rmSync(at, { recursive: true, force: true });
  if (content === null) continue;
  fs.mkdirSync(path.dirname(at), { recursive: true });
  if (typeof content === 'object' && content.link) fs.symlinkSync(content.link, at);
  else fs.writeFileSync(at, typeof content === 'string' ? content : JSON.stringify(content));
}`;
  return [process.execPath, '-e', code, temp.path, JSON.stringify(files)];
}

function run(files: Record<string, unknown>, options: Partial<GuardOptions> = {}): Promise<GuardReport> {
  const how = { checks: [], onFailure: undefined, stdoutToStderr: true, lockWaitMs: 10, backup: {} };
  const confirm = () => Promise.reject(new Error('nobody is asked'));
  const project = resolveProject({ cwd: temp.path, env: {} });
  return guard(project, { ...how, confirm, expect: 'no-loss', ...options, command: changing(files) }, context);
}

const names = ({ loss }: GuardReport): string[] =>
  (loss?.deployments.records ?? []).map(({ chainId, name, address }) => `${chainId}/${name ?? address}`);
const isAsBefore = (): void => expect(compareTrees(before, tree())).toEqual([]);
const FORGETFUL = {
  'deployments/bsc.json': null,
  'deployments/bsc.unified.json': unified(56, { Vault: A.toLowerCase() }),
};

describe('a deployment on a live chain that is recorded nowhere any more is lost', () => {
  test('which is told, and under no-loss everything goes back', async () => {
    const report = await run(FORGETFUL);
    expect(report).toMatchObject({ outcome: 'rolled-back', external: [] });
    expect(report.loss).toMatchObject({ databases: [], notCompared: [] });
    expect(report.loss?.deployments).toMatchObject({
      lost: 1,
      notAllowed: 1,
      records: [{ chainId: '56', name: 'Old', address: B, file: 'deployments/bsc.json', allowed: false }],
      moreRecords: 0,
    });
    const [finding] = report.findings;
    expect(finding).toMatchObject({ code: 'records-lost', severity: 'error', path: 'deployments/bsc.json' });
    expect(finding?.message).toBe(
      `the command lost 1 deployment that no --allow-loss names, so it counts as failed: 56/Old (${B})`,
    );
    isAsBefore();
    const told = await run(FORGETFUL, { expect: undefined });
    expect(told).toMatchObject({ outcome: 'succeeded', expect: null, findings: [] });
    expect(names(told)).toEqual(['56/Old']);
  });

  test.each([
    ['a folder of them', { 'deployments/sepolia': null }, ['11155111/Token']],
    ['of a chain that is not known any more', { 'deployments/sepolia/.chainId': null }, ['11155111/Token']],
    ['with a registry that does not parse', { 'deployments/bsc.json': '{"chainId": 56, ' }, ['56/Vault', '56/Old']],
    ['with all of deployments', { deployments: null }, ['56/Vault', '56/Old', '11155111/Token']],
  ])('%s', async (_how, files, lost) => {
    const report = await run(files);
    expect(names(report).toSorted()).toEqual(lost.toSorted());
    expect(report.outcome).toBe('rolled-back');
    isAsBefore();
  });

  test.each([
    ['on a local chain', { 'deployments/local.json': null }],
    [
      'that another registry has',
      { 'deployments/bsc.json': unified(56, {}), 'docs/moved.json': unified(56, { Vault: A, Old: B }) },
    ],
    ['whose record says more now', { 'deployments/sepolia/Token.json': { ...artifact(A), solcInputHash: 'x' } }],
  ])('not one %s', async (_how, files) => {
    expect(await run(files)).toMatchObject({
      outcome: 'succeeded',
      loss: { deployments: { lost: 0 }, notCompared: [] },
    });
  });

  test('a chain that was never known counts as live', async () => {
    write('deployments/somewhere.json', unified(undefined, { Lost: D }));
    before = tree();
    const report = await run({ 'deployments/somewhere.json': null });
    expect(names(report)).toEqual(['unknown/Lost']);
    expect(report.outcome).toBe('rolled-back');
    isAsBefore();
  });

  test.each(['56/Old', '56/*', B, B.toLowerCase(), `56/${B}`, 'deployments/bsc.json', '*'])(
    '--allow-loss %s names it',
    async (pattern) => {
      const report = await run(FORGETFUL, { allowLoss: [pattern] });
      expect(report).toMatchObject({
        outcome: 'succeeded',
        findings: [],
        loss: { deployments: { lost: 1, notAllowed: 0 } },
      });
    },
  );

  test.each([C, C.toLowerCase(), `11/${C.toUpperCase().replace('X', 'x')}`])(
    '--allow-loss %s names a record with another case',
    async (pattern) => {
      write('deployments/lower.json', unified(11, { Lost: C.toLowerCase() }));
      before = tree();
      const report = await run({ 'deployments/lower.json': null }, { allowLoss: [pattern] });
      expect(report).toMatchObject({ outcome: 'succeeded', findings: [], loss: { deployments: { lost: 1 } } });
    },
  );

  test.each(['57/Old', 'Old', '5*/V*t', 'deployments/bsc'])('--allow-loss %s does not', async (pattern) => {
    const report = await run(FORGETFUL, { allowLoss: [pattern] });
    expect(report).toMatchObject({ outcome: 'rolled-back' });
    expect(report.findings).toContainEqual(expect.objectContaining({ code: 'allowed-loss-unmatched' }));
  });
});

describe('what is not known is no loss, and under no-loss it is a failure', () => {
  const LINK = { 'deployments/bsc.json': { link: '../elsewhere.json' } };

  test('a registry that is a link now', async () => {
    const report = await run(LINK);
    expect(report).toMatchObject({
      outcome: 'rolled-back',
      loss: { deployments: { lost: 0 }, notCompared: [{ path: 'deployments/bsc.json' }] },
      findings: [{ code: 'loss-not-known', severity: 'error', path: 'deployments/bsc.json' }],
    });
    isAsBefore();
    expect(await run(LINK, { allowLoss: ['deployments/bsc.json'] })).toMatchObject({ outcome: 'succeeded' });
  });

  test('one that was a link before and is removed', async () => {
    fs.symlinkSync('../elsewhere.json', path.join(temp.path, 'deployments/linked.json'));
    before = tree();
    expect(await run({ 'docs/a.md': 'new' })).toMatchObject({ outcome: 'succeeded', loss: { notCompared: [] } });
    const report = await run({ 'deployments/linked.json': null });
    expect(report.loss?.notCompared).toMatchObject([{ path: 'deployments/linked.json' }]);
    expect(report.outcome).toBe('rolled-back');
  });
});

describe('records decide what was sent to a chain', () => {
  test.each([
    ['an implementation is forgotten', { [OPENZEPPELIN]: manifest([C], [B]) }, [`1/${D}`]],
    ['all are', { [OPENZEPPELIN]: manifest([], []) }, [`1/${B}`, `1/${C}`, `1/${D}`]],
    ['the folder is removed', { '.openzeppelin': null }, [`1/${B}`, `1/${C}`, `1/${D}`]],
    [
      'and one is deployed to a local chain',
      { [OPENZEPPELIN]: manifest([C], [B]), '.openzeppelin/unknown-31337.json': manifest([A], []) },
      [`1/${D}`],
    ],
  ])('if external sources only lost something, everything goes back: %s', async (_how, files, lost) => {
    const report = await run(files);
    expect(report).toMatchObject({ outcome: 'rolled-back', external: [] });
    expect(names(report).toSorted()).toEqual(lost.toSorted());
    isAsBefore();
  });

  test.each([
    ['a proxy is new', { [OPENZEPPELIN]: manifest([C, A], [B, D]) }],
    ['a proxy has another implementation', { 'sent/Proxy.json': artifact(A, C) }],
    ['a registry is half a file', { [OPENZEPPELIN]: '{"manifestVersion": ' }],
    ['a file is none that is known', { 'sent/transactions.txt': '0x' }],
    [
      'a script only called something',
      {
        'broadcast/Call.s.sol/1/run-latest.json': {
          transactions: [{ hash: '0x1', transactionType: 'CALL', contractAddress: C, transaction: {} }],
          receipts: [],
          chain: 1,
        },
      },
    ],
  ])('if they may have gained something, nothing goes back by itself: %s', async (_how, files) => {
    const all: Record<string, unknown> = { ...files, 'deployments/sepolia': null };
    const report = await run(all);
    expect(report).toMatchObject({ outcome: 'kept', external: [Object.keys(files)[0]], next: ['migbackup undo'] });
    const left = report.findings.find(({ code }) => code === 'lost-not-restored');
    expect(left?.affects).toContain('deployments/sepolia/Token.json');
    expect(left?.recommendation).toContain(`migbackup restore ${report.backupId} --only `);
    // Who wants all of it back says so.
    expect(await run({ ...all, 'deployments/bsc.json': null }, { onFailure: 'restore' })).toMatchObject({
      outcome: 'rolled-back',
    });
  });

  describe('a list of transactions', () => {
    const RUN = 'broadcast/Deploy.s.sol/10/run-latest.json';
    const JOURNAL = 'ignition/deployments/chain-10/journal.jsonl';
    const create = (hash: string, contractAddress: string): object => ({
      hash: `0x${hash.repeat(64)}`,
      transactionType: 'CREATE',
      contractAddress,
    });
    const sequence = (...transactions: object[]): object => ({ transactions, receipts: [], chain: 10 });
    const message = (futureId: string, address: string): string =>
      JSON.stringify({ futureId, type: 'DEPLOYMENT_EXECUTION_STATE_COMPLETE', result: { type: 'SUCCESS', address } });
    const lines = (...messages: string[]): string => messages.map((each) => `\n${each}`).join('');
    const start = JSON.stringify({ type: 'DEPLOYMENT_INITIALIZE', chainId: 10 });

    beforeEach(() => {
      write(RUN, sequence(create('1', A), create('2', B)));
      write(JOURNAL, lines(start, message('M#C', C), message('M#D', D)));
      before = tree();
    });

    test.each([
      ['a run of Foundry has one transaction less', { [RUN]: sequence(create('1', A)) }, `10/${B}`],
      ['a journal has a line less', { [JOURNAL]: lines(start, message('M#C', C)) }, '10/M#D'],
    ])('that only became shorter sent nothing, so everything goes back: %s', async (_how, files, lost) => {
      const report = await run(files);
      expect(report).toMatchObject({ outcome: 'rolled-back', external: [] });
      expect(names(report)).toEqual([lost]);
      isAsBefore();
    });

    test.each([
      ['a transaction is another one', { [RUN]: sequence(create('1', A), create('3', A)) }],
      ['a receipt is new', { [RUN]: { ...sequence(create('1', A)), receipts: [{ status: '0x1' }] } }],
      ['a line is new', { [JOURNAL]: lines(start, message('M#C', C), message('M#E', A)) }],
      ['a line is cut in half', { [JOURNAL]: lines(start, message('M#C', C), message('M#D', D).slice(0, 30)) }],
      ['a run does not parse', { [RUN]: '{' }],
    ])('that lists something else may have sent it, so nothing goes back: %s', async (_how, files) => {
      const report = await run({ ...files, 'deployments/sepolia': null });
      expect(report).toMatchObject({ outcome: 'kept', external: [Object.keys(files)[0]] });
    });
  });

  test('without no-loss a changed file alone decides, as before', async () => {
    const command = { checks: ['exit 1'], expect: undefined };
    const report = await run({ [OPENZEPPELIN]: manifest([C], [B]) }, command);
    expect(report).toMatchObject({ outcome: 'kept', external: [OPENZEPPELIN] });
  });
});
