import { deploymentsInBackup } from '../../../src/core/extract/registries.ts';
import { readManifest } from '../../../src/core/format/manifest-file.ts';
import { show } from '../../../src/core/operations/show.ts';
import { context } from '../../support/real-backup.ts';
import fs from 'node:fs';
import type { Cases, Provoke, Stage } from './stage.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
const IGNITION = 'ignition/deployments/chain-1';

/** Puts registries into the project, takes a backup, and shows it. */
const shown =
  (files: Readonly<Record<string, unknown>>): Provoke =>
  async (stage) => {
    for (const [file, content] of Object.entries(files))
      stage.put(file, typeof content === 'string' ? content : JSON.stringify(content));
    const { backupId } = await stage.create();
    return (await show(stage.selected(backupId), {}, context)).findings;
  };

/** What the registries of a backup are, once it was damaged. */
const damaged =
  (damage: (stage: Stage) => void): Provoke =>
  async (stage) => {
    damage(stage);
    const { folder } = stage.selected(stage.plain);
    return (await deploymentsInBackup(folder, readManifest(folder))).findings;
  };

const legacy = (contracts: object) => ({ network: 'bsc', chainId: 56, contracts });
const done = (futureId: string): string =>
  `\n${JSON.stringify({ futureId, result: { address: A, type: 'SUCCESS' }, type: 'DEPLOYMENT_EXECUTION_STATE_COMPLETE' })}`;

/** What deployment registries record. */
export const REGISTRIES: Cases = {
  'registry-invalid': shown({ 'deployments/bsc.json': '{' }),
  'registry-not-read': [
    damaged((stage) => fs.rmSync(stage.stored('INDEX.ndjson.zst'))),
    damaged((stage) => {
      const archive = stage.stored('legacy-json.tar');
      const bytes = fs.readFileSync(archive);
      bytes.write('[', bytes.indexOf('{}'));
      fs.writeFileSync(archive, bytes);
    }),
  ],
  'chain-differs': shown({
    'deployments/mainnet/.chainId': '1',
    'deployments/mainnet/bsc.json': legacy({ A: { address: A } }),
  }),
  'address-invalid': shown({ 'deployments/bsc.json': legacy({ A: { address: A }, B: { address: A.slice(1) } }) }),
  'artifact-incomplete': [
    shown({ 'deployments/T.json': { address: A, bytecode: '0x60', receipt: {} } }),
    shown({ 'deployments/T.json': { address: A, abi: [], receipt: {} } }),
  ],
  'implementation-unknown': shown({
    'deployments/bsc.json': legacy({ A: { proxy: A, implementation: B } }),
    '.openzeppelin/bsc.json': { manifestVersion: '3.2', proxies: [{ address: A }], impls: { a: { address: A } } },
  }),
  'journal-differs': shown({
    [`${IGNITION}/deployed_addresses.json`]: {},
    [`${IGNITION}/journal.jsonl`]: done('M#A'),
  }),
  'journal-broken': shown({ [`${IGNITION}/journal.jsonl`]: `${done('M#A')}\n{"futureId` }),
};
