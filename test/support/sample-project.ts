import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { makeSqliteWithWal } from './sqlite/make-sqlite.ts';

const NETWORKS = ['mainnet', 'sepolia', 'bscmainnet'];
const CONTRACTS = ['Registry', 'Token', 'Vault', 'Proxy'];

/** Deterministic hex of `digits` characters, different for each seed word. */
function hex(seed: string, digits: number): string {
  let state = 2_166_136_261;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  let text = '';
  while (text.length < digits) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(16).padStart(8, '0');
  }
  return text.slice(0, digits);
}

function put(root: string, file: string, content: string | Uint8Array, mode = 0o644): void {
  const target = path.join(root, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, content);
  chmodSync(target, mode);
  setTime(root, file);
}

/** Some whole second in the past, another for each file: a restore that forgets times shows. */
function setTime(root: string, file: string): void {
  const time = 1_700_000_000 + (Number.parseInt(hex(file, 4), 16) % 10_000);
  utimesSync(path.join(root, file), time, time);
}

function putDeployments(root: string): void {
  for (const network of NETWORKS) {
    put(root, `deployments/${network}/.chainId`, '1');
    for (const contract of CONTRACTS) {
      const address = `0x${hex(network + contract, 40)}`;
      const record = { address, transactionHash: `0x${hex(address, 64)}`, abi: [], numDeployments: 1 };
      put(root, `deployments/${network}/${contract}.json`, `${JSON.stringify(record, null, 2)}\n`);
    }
    put(root, `deployments/unified/${network}.json`, `${JSON.stringify({ network, contracts: CONTRACTS })}\n`);
    put(root, `.openzeppelin/${network}.json`, `${JSON.stringify({ manifestVersion: '3.2', proxies: [] })}\n`);
  }
  put(root, 'deployments/backups/2025-01-01.json', '{"old": true}\n');
}

async function putDatabase(folder: string, entries: number): Promise<void> {
  mkdirSync(path.dirname(folder), { recursive: true });
  const database = new ClassicLevel(folder);
  await database.open();
  for (let begin = 0; begin < entries; begin += 500) {
    const batch = database.batch();
    for (let index = begin; index < Math.min(begin + 500, entries); index++) {
      batch.put(
        `deployment:${String(index).padStart(6, '0')}`,
        JSON.stringify({ address: `0x${hex(`a${index}`, 40)}` }),
      );
    }
    await batch.write();
  }
  await database.close();
}

/**
 * A small Hardhat project as teams have them: a real LevelDB, a SQLite database in WAL mode with a `-wal`, deployment records, proxies, scripts, docs; with dot
 * files, an empty folder, a link, an executable and a read-only file, a name with spaces and one outside ASCII.
 */
export async function makeSampleProject(root: string, { entries = 200 } = {}): Promise<void> {
  mkdirSync(root, { recursive: true });
  put(root, 'package.json', `${JSON.stringify({ name: 'sample-contracts', private: true }, null, 2)}\n`);
  put(root, 'hardhat.config.ts', 'export default { solidity: "0.8.28" };\n');
  put(root, 'README.md', '# Sample contracts\n');
  put(root, 'docs/how we deploy.md', 'Carefully.\n');
  put(root, 'docs/überblick.md', 'Vorsichtig.\n');
  put(root, 'scripts/deploy.ts', 'console.log("deploy");\n');
  put(root, 'scripts/migration/run.sh', '#!/bin/sh\necho migrate\n', 0o755);
  put(root, 'scripts/utils/constants.ts', 'export const CHAIN = 1;\n', 0o444);
  put(root, 'schemas/deployment.json', '{"type": "object"}\n');
  mkdirSync(path.join(root, 'deployments/localhost'), { recursive: true });
  putDeployments(root);
  symlinkSync('mainnet/Registry.json', path.join(root, 'deployments/registry-link.json'));
  makeSqliteWithWal(path.join(root, 'deployments/state.db'), { rows: 8, text: 'old' });
  for (const part of ['', '-wal']) setTime(root, `deployments/state.db${part}`);
  await putDatabase(path.join(root, 'leveldb'), entries);
}
