import { expect, test } from 'vitest';
import { checkCategories } from '../../src/core/config/conflicts.ts';
import { presetCategories } from '../../src/core/config/preset.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import { put } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** `category/source` that the preset gives a path, or undefined. */
function owner(path: string, root = '/nowhere', env: NodeJS.ProcessEnv = {}): string | undefined {
  const source = new Ownership(presetCategories(root, env)).ownerOf(path);
  return source && `${source.category}/${source.name}`;
}

test('the preset has no conflicts', () => {
  checkCategories(presetCategories('/nowhere', {}), 'the preset');
});

test.each([
  ['leveldb/CURRENT', 'leveldb/current'],
  ['leveldb-backup/a.json', 'leveldb/previous-exports'],
  ['leveldb-inventory.json', 'leveldb/reports'],
  // A named file beats *.md of docs/root.
  ['leveldb-data-integrity-report.md', 'leveldb/reports'],
  ['deployments/mainnet/Token.json', 'legacy-json/deployments'],
  ['deployments/.migrations.json', 'legacy-json/deployments'],
  ['deployments/mainnet/.chainId', 'legacy-json/deployments'],
  ['deployments/mainnet/.pendingTransactions', 'legacy-json/deployments'],
  ['deployments/.state/x.json', 'legacy-json/deployments'],
  ['deployments/mainnet/solcInputs/0a.json', 'legacy-json/deployments'],
  ['deployments/backups/old.json', 'legacy-json/historical-backups'],
  ['deployments/unified/mainnet.json', 'unified-json/unified'],
  ['deployments/unified/backups/1.json', 'unified-json/backups'],
  ['deployments-test/x.json', 'unified-json/test-deployments'],
  ['hardhat.config.ts', 'configs/files'],
  ['foundry.toml', 'configs/files'],
  ['remappings.txt', 'configs/files'],
  ['package.json', 'configs/files'],
  ['pnpm-lock.yaml', 'configs/files'],
  ['tsconfig.build.json', 'configs/files'],
  ['.env.example', 'configs/files'],
  ['CLAUDE.md', 'configs/files'],
  ['schemas/a/b.json', 'configs/schemas'],
  ['scripts/backup/create.js', 'scripts/backup'],
  ['scripts/migration/run.js', 'scripts/migration'],
  ['scripts/utils/x.js', 'scripts/utils'],
  ['scripts/deploy.js', 'scripts/scripts'],
  ['script/Deploy.s.sol', 'scripts/script'],
  ['docs/a.md', 'docs/main'],
  ['README.md', 'docs/root'],
  ['.openzeppelin/mainnet.json', 'proxies/manifests'],
  ['ignition/deployments/chain-1/journal.jsonl', 'ignition/deployments'],
  ['broadcast/Deploy.s.sol/1/run-latest.json', 'foundry/broadcast'],
  ['cache/Deploy.s.sol/1/run-latest.json', 'foundry/cache'],
  ['cache/solidity-files-cache.json', undefined],
  ['contracts/Token.sol', undefined],
  ['ignition/modules/Token.ts', undefined],
  ['notes/a.md', undefined],
])('%s belongs to %s', (path, expected) => {
  expect(owner(path)).toBe(expected);
});

test('what proves that transactions were sent is external', () => {
  const external = presetCategories('/nowhere', {}).flatMap(({ sources }) => sources.filter((s) => s.external));
  expect(external.map(({ category }) => category)).toEqual(['proxies', 'ignition', 'foundry', 'foundry']);
});

test.each([
  ['manifests', 'manifests/x.json'],
  ['./state/oz/', 'state/oz/x.json'],
  ['/nowhere/state', 'state/x.json'],
  ['', '.openzeppelin/x.json'],
  ['../outside', '.openzeppelin/x.json'],
  ['/elsewhere', '.openzeppelin/x.json'],
])('MANIFEST_DEFAULT_DIR=%j', (value, expected) => {
  expect(owner(expected, '/nowhere', { MANIFEST_DEFAULT_DIR: value })).toBe('proxies/manifests');
});

test("foundry.toml's broadcast folder", () => {
  using folder = tempFolder();
  put(folder.path, 'foundry.toml', '[profile.default]\nsrc = "src"\nbroadcast = "records/broadcast" # ours\n');
  expect(owner('records/broadcast/D.s.sol/1/run-latest.json', folder.path)).toBe('foundry/broadcast');
  expect(owner('broadcast/D.s.sol/1/run-latest.json', folder.path)).toBeUndefined();
});
