import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { renderReconcile } from '../../src/cli/render/reconcile.ts';
import { paint } from '../../src/cli/render/style.ts';
import { loadConfig } from '../../src/core/config/load.ts';
import type { ReconcileReport } from '../../src/core/model/reconcile-report.ts';
import { notFound, OldState } from '../support/old-state.ts';

const NETWORKS = {
  bsc: 'bscmainnet',
  bscTestnet: 'bsctestnet',
  base: 'base',
  op: 'op',
  sapphire: 'sapphire',
  hardhat: '',
};
const RECORDS = Object.fromEntries(
  Object.keys(NETWORKS).flatMap((network, net) =>
    ['Token', 'Oracle', 'Bridge', 'Vault', 'Router'].map((name, at) => [
      `${network}-${name}`,
      {
        name,
        network,
        address: `0x${String(net * 100 + at + 1000).padStart(40, 'ab')}`,
        savedAt: 1_700_000_000_000 + at,
      },
    ]),
  ),
);

/** A migration: a file for each network, which has another name there; local ones are left out. */
function migrate(old: OldState): void {
  for (const [was, now] of Object.entries(NETWORKS)) {
    if (was === 'hardhat') continue;
    const mine = Object.values(RECORDS).filter(({ network }) => network === was);
    const contracts = mine.map(({ name, address, savedAt }) => [name, { name, address, savedAt }]);
    old.put(`deployments/${now}.json`, { network: now, contracts: Object.fromEntries(contracts) });
  }
}
const RENAMED = { network: { bsc: 'bscmainnet', bscTestnet: 'bsctestnet' } };
const GONE = [{ key: 'hardhat-*', entries: 5, why: 'local test network' }];

test('with renames and a rule for what is gone nothing else is left', async () => {
  using old = await OldState.of(RECORDS);
  migrate(old);
  const bare = await old.reconcile();
  expect(bare.counts).toMatchObject({ found: 15, changed: 10, missing: 5 });
  old.putRules({ in: ['deployments/*.json'], values: RENAMED, gone: GONE });
  const report = await old.reconcile({ strict: true });
  expect(report).toMatchObject({ counts: { found: 15, explained: 15 }, notAccountedFor: 0, findings: [] });
  expect(report.new.in).toEqual(['deployments/*.json']);
  expect(new Set(report.records.map(({ rule }) => rule))).toEqual(
    new Set([undefined, 'values network', 'gone hardhat-*']),
  );
});

test.each([
  ['ignore', { ignore: { nothing: 'so' } }, 'the rule ignore nothing matches nothing'],
  ['values', { values: { name: { Tokem: 'Token2' } } }, 'the rule values name: Tokem -> Token2 matches nothing'],
  ['gone', { gone: [{ key: 'mainnet-*', entries: 1, why: 'x' }] }, 'matches nothing that is gone'],
  ['fewer than it says', { gone: [{ ...GONE[0], entries: 6 }] }, 'says 6 records and matches 5 records'],
])('a rule that matches nothing, or another number, is a finding: %s', async (_, rules, words) => {
  using old = await OldState.of(RECORDS);
  migrate(old);
  old.putRules(rules);
  const { findings } = await old.reconcile();
  expect(findings.filter(({ code }) => code === 'rule-unmatched')).toMatchObject([
    { path: 'leveldb/current', message: expect.stringContaining(words) },
  ]);
});

test('a rule for what is gone explains nothing if more is gone than it says', async () => {
  using old = await OldState.of(RECORDS);
  migrate(old);
  old.putRules({ values: RENAMED, gone: [{ ...GONE[0], entries: 4 }] });
  const report = await old.reconcile();
  expect(report.counts).toMatchObject({ explained: 10, missing: 5 });
  expect(report.findings).toMatchObject([{ code: 'rule-unmatched' }, { code: 'database-unchanged' }]);
});

test('a value that does not count is explained, in the same database and elsewhere', async () => {
  using old = await OldState.of(RECORDS);
  const resaved = Object.entries(RECORDS).map(([key, value]) => [key, { ...value, savedAt: value.savedAt + 5 }]);
  old.putRules({ ignore: { savedAt: 'set on save' } });
  old.putLevel('leveldb', Object.fromEntries(resaved));
  const report = await old.reconcile({ strict: true });
  expect(report).toMatchObject({ counts: { explained: 30 }, notAccountedFor: 0, findings: [] });
  expect(report.records[0]).toMatchObject({ rule: 'ignore savedAt' });
});

test('what was learned is written to the config, which keeps every other byte, and nothing the second time', async () => {
  using old = await OldState.of(RECORDS);
  migrate(old);
  const file = old.inside('migbackup.config.json');
  const text = '\uFEFF{\r\n\t// why it is so\r\n\t"preset": "default", /* stays */ "level": 3,\r\n}\r\n';
  writeFileSync(file, text);
  const report = await old.reconcile({ writeRules: true, in: ['deployments/*.json'] });
  expect(report.wrote?.[0]).toBe('reconcile.leveldb/current.in: ["deployments/*.json"]');
  expect(report.wrote?.length).toBeGreaterThan(3);
  const written = readFileSync(file, 'utf8');
  const [head = '', tail = ''] = text.split(/(?=\r\n\})/);
  expect(written.startsWith(head) && written.endsWith(tail)).toBe(true);
  expect(written.replaceAll('\r\n', '')).not.toContain('\n');
  const { config } = loadConfig(old.root, { env: {} });
  expect(config).toMatchObject({ level: 3, reconcile: { 'leveldb/current': { places: { network: ['/network'] } } } });

  const again = await old.reconcile({ writeRules: true, in: ['deployments/*.json'] });
  expect(again.wrote).toEqual([]);
  expect(readFileSync(file, 'utf8')).toBe(written);
  expect(again).toMatchObject({ learnedFrom: 0, counts: report.counts });
  expect(notFound(again)).toEqual(notFound(report));
});

test('without a config file there is nothing to write rules to', async () => {
  using old = await OldState.of(RECORDS);
  await expect(old.reconcile({ writeRules: true })).rejects.toMatchObject({ code: 'USAGE', message: /no config file/ });
});

test('with places from rules values have to stand there', async () => {
  using old = await OldState.of(RECORDS);
  migrate(old);
  await old.reconcile({ in: ['deployments/*.json'] });
  const places = { address: ['/elsewhere/{name}/address'], name: ['/contracts/{name}/name'] };
  old.putRules({ places, values: RENAMED, gone: GONE });
  const report = await old.reconcile();
  expect(report.counts.found + report.counts.explained).toBeLessThan(30);
  expect(report.places).toEqual(places);
});

const plain = await OldState.of({ a: 1 });
afterAll(() => plain[Symbol.dispose]());

test.each([
  ['a million places', { places: { a: Array(700_000).fill('/a') } }],
  ['an unclosed brace', { places: { a: ['/{'] } }],
  ['a star among letters', { places: { a: ['/a*b'] } }],
  ['many stars', { places: { a: [`/${Array(40).fill('*').join('/')}`] } }],
  ['a glob that takes for ever', { in: [`${'*a'.repeat(30)}b`] }],
  ['a gone rule without a reason', { gone: [{ key: '*', entries: 1, why: '  ' }] }],
  ['an ignored field without a reason', { ignore: { a: '' } }],
  ['a key that nobody knows', { place: {} }],
])('a hostile config ends at once: %s', async (_, rules) => {
  plain.putRules(rules);
  const began = performance.now();
  await expect(async () => plain.reconcile()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(performance.now() - began).toBeLessThan(60_000);
});

test('a config with rules for one database under two names is refused', async () => {
  const rules = { preset: 'default', reconcile: { leveldb: {}, 'leveldb/current': {} } };
  writeFileSync(plain.inside('migbackup.config.json'), JSON.stringify(rules));
  await expect(plain.reconcile()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('rules for a database that the backup does not hold are a finding', async () => {
  using old = await OldState.of({ a: { text: 'telling' } });
  old.putLines('data/a.jsonl', [{ text: 'telling' }]);
  writeFileSync(old.inside('migbackup.config.json'), JSON.stringify({ preset: 'default', reconcile: { level: {} } }));
  const report = await old.run({});
  expect(report).toMatchObject({ operation: 'reconcile-all', notAccountedFor: 0 });
  expect(report.findings).toMatchObject([{ code: 'database-unchanged' }, { code: 'rule-unmatched', path: 'level' }]);
});

/** The lines that a person is to paste, as the rules that they are. */
function proposed(report: ReconcileReport): { readonly text: string; readonly rules: Record<string, unknown> } {
  const text = renderReconcile({ ...report, wrote: [] }, paint(process.stdout)).join('\n');
  const lines = [...text.matchAll(/^ {4}("(?:values|gone)": .*)$/gm)].map(([, line = '']) => line);
  return { text, rules: JSON.parse(`{${lines.join(',')}}`) };
}

test('the lines to paste explain what they were proposed for: raw values, keys that are digits, lists', async () => {
  const values = (last: string, net: string, item: string): Record<string, unknown> => ({
    a: Buffer.from('alpha'),
    mode: Buffer.from(last),
    nets: { name: 'nets', chains: { '56': net, '97': 'bsctest' }, list: ['first', item] },
  });
  using old = await OldState.of(values('production', 'bsc', 'second'));
  old.putLevel('leveldb', values('prod', 'bscmainnet', 'another'));
  const { rules } = proposed(await old.reconcile());
  expect(rules).toEqual({
    values: {
      '': { production: 'prod' },
      'chains/56': { bsc: 'bscmainnet' },
      'list/#': { second: 'another' },
    },
  });
  old.putRules(rules);
  expect(await old.reconcile()).toMatchObject({ notAccountedFor: 0, findings: [], counts: { explained: 2 } });
});

test('no line is proposed for values that are hashed or cut, and that is said', async () => {
  const values = (word: string) => ({
    one: { apiKey: `key ${word}`, name: 'one', text: `${'x'.repeat(1100)}${word}` },
  });
  using old = await OldState.of(values('before'));
  old.putLevel('leveldb', values('after'));
  const { text, rules } = proposed(await old.reconcile());
  expect(rules).toEqual({});
  expect(text).toContain('No rule is proposed for apiKey, text: its values are hashed or cut here.');
});
