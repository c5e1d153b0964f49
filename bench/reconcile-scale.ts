/**
 * The first part of `npm run bench:reconcile-scale`, also `node bench/reconcile-scale.ts [RECORDS]`: the time and peak memory that `account` takes for
 * 200,000 records of eight values against documents that hold them: a file for each record, one file keyed by record, and one array. One record in a thousand is gone. Each layout is measured in a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { account, type NewDocument, type OldRecord } from '../src/core/reconcile/account.ts';
import type { Json } from '../src/core/records/json.ts';

interface Made {
  readonly key: string;
  readonly value: { readonly [key: string]: Json };
}

/** Through JSON text, as real ones: no two of them share a string. */
function* make(records: number): Generator<Made> {
  for (let at = 0; at < records; at++) {
    const digest = createHash('sha256').update(String(at)).digest('hex');
    const value = {
      contractName: `Contract${at % 5000}`,
      chainId: 1000 + Math.floor(at / 5000),
      networkName: `network${Math.floor(at / 5000)}`,
      address: `0x${digest.slice(0, 40)}`,
      transactionHash: `0x${digest}`,
      timestamp: 1_700_000_000_000 + at * 1009,
      deployer: `0x${digest.slice(0, 1).repeat(40)}`,
      verified: at % 3 === 0,
    };
    yield JSON.parse(JSON.stringify({ key: `${value.chainId}-${value.contractName}`, value }));
  }
}

const isGone = (at: number): boolean => at % 1000 === 7;

const LAYOUTS: Readonly<Record<string, (kept: readonly Made[]) => NewDocument[]>> = {
  'a file per record': (kept) =>
    kept.map(({ key, value }) => ({ file: `deployments/${key}.json`, pointer: '', value: { name: key, ...value } })),
  'one file keyed by record': (kept) => [
    {
      file: 'deployments.json',
      pointer: '',
      value: Object.fromEntries(kept.map(({ key, value }): [string, Json] => [key, value])),
    },
  ],
  'one array': (kept) => [
    { file: 'deployments.json', pointer: '', value: { version: 2, deployments: kept.map(({ value }) => value) } },
  ],
};

function measure(layout: string, count: number): void {
  const records: OldRecord[] = [...make(count)];
  const documents = LAYOUTS[layout]?.([...make(count)].filter((_, at) => !isGone(at))) ?? [];
  const before = process.memoryUsage().rss;
  const start = performance.now();
  const accounted = account(records, documents);
  const seconds = (performance.now() - start) / 1000;
  const counts: Record<string, number> = {};
  for (const { status } of accounted.records) counts[status] = (counts[status] ?? 0) + 1;
  const peak = process.resourceUsage().maxRSS / 1024;
  const figures = `${seconds.toFixed(1)} s | ${Math.round(peak)} MiB, ${Math.round(before / 1024 ** 2)} before`;
  process.stdout.write(`| ${layout} | ${count} | ${figures} | ${JSON.stringify(counts)} |\n`);
}

const [given, layout] = process.argv.slice(2);
const count = Number(given ?? 200_000);
if (layout !== undefined) measure(layout, count);
else {
  process.stdout.write('| layout | records | time | peak memory | statuses |\n|---|---|---|---|---|\n');
  for (const name of Object.keys(LAYOUTS)) {
    const { stdout, stderr } = spawnSync(process.execPath, [import.meta.filename, String(count), name], {
      encoding: 'utf8',
    });
    process.stdout.write(stdout + stderr);
  }
}
