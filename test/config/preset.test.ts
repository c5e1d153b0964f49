import { expect, test } from 'vitest';
import { checkCategories } from '../../src/core/config/conflicts.ts';
import { presetCategories } from '../../src/core/config/preset.ts';
import { findWorkspaces } from '../../src/core/config/workspaces.ts';
import { PRESETS } from '../../src/core/config/presets/all-presets.ts';
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
  ['ignition/modules/Token.ts', 'ignition/files'],
  ['ignition/parameters.json', 'ignition/files'],
  ['cache_forge/Deploy.s.sol/1/run-latest.json', 'foundry/cache-forge'],
  ['foundry.lock', 'configs/files'],
  ['deploy/001_token.ts', 'scripts/deploy'],
  ['build/contracts/Token.json', 'registries/truffle'],
  ['build/deployments/1/0xab.json', 'registries/brownie'],
  ['build/deployments/map.json', 'registries/brownie'],
  ['build/deployments.json', 'registries/brownie-map'],
  ['brownie-config.yaml', 'configs/files'],
  ['deployed_addresses.json', 'registries/files'],
  ['addresses/mainnet.json', 'registries/addresses'],
  ['publish/deployed/mainnet/deployment.json', 'registries/publish'],
  ['tasks/20210418-vault/output/mainnet.json', 'registries/tasks'],
  ['tasks/20210418-vault/index.ts', undefined],
  ['omnibus-mainnet.toml', 'configs/files'],
  ['mastercopies.json', 'registries/files'],
  ['artifacts/1/deployment.json', 'registries/safe-factory'],
  ['artifacts/contracts/Token.sol/Token.json', undefined],
  ['target/deploy/app-keypair.json', 'keys/solana'],
  ['target/deploy/app.so', undefined],
  ['target/idl/app.json', 'registries/anchor-idl'],
  ['Published.toml', 'registries/files'],
  ['.aptos/config.yaml', 'keys/aptos'],
  ['Scarb.lock', 'configs/files'],
  ['prisma/dev.db', 'databases/prisma'],
  ['prisma/migrations/1_init/migration.sql', 'scripts/prisma'],
  ['prisma/schema.prisma', 'configs/files'],
  ['drizzle/0000_init.sql', 'scripts/drizzle'],
  ['dev.sqlite3', 'databases/files'],
  ['migrations/001.js', 'scripts/migrations'],
  ['Cargo.lock', 'configs/files'],
  ['.gitmodules', 'configs/files'],
  ['notes/a.md', undefined],
])('%s belongs to %s', (path, expected) => {
  expect(owner(path)).toBe(expected);
});

test('what proves that transactions were sent is external', () => {
  const external = presetCategories('/nowhere', {}).flatMap(({ sources }) => sources.filter((s) => s.external));
  expect(external.map(({ path }) => path)).toEqual([
    '.openzeppelin',
    'ignition/deployments',
    'broadcast',
    'cache',
    'cache_forge',
    'build/deployments',
    'build',
    '.',
  ]);
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

test('the folder of Truffle artifacts', () => {
  using folder = tempFolder();
  put(folder.path, 'truffle-config.js', "module.exports = {\n  contracts_build_directory: './src/abis/',\n};\n");
  expect(owner('src/abis/Token.json', folder.path)).toBe('registries/truffle');
  expect(owner('build/contracts/Token.json', folder.path)).toBeUndefined();
});

test('a folder that two settings name belongs to what proves that transactions were sent', () => {
  using folder = tempFolder();
  put(folder.path, 'foundry.toml', '[profile.default]\nbroadcast = "deployments"\nscript = "scripts"\n');
  put(folder.path, 'drizzle.config.ts', "export default defineConfig({\n  out: './db/migrations',\n});\n");
  checkCategories(presetCategories(folder.path, {}), 'the preset');
  expect(owner('deployments/D.s.sol/1/run-latest.json', folder.path)).toBe('foundry/broadcast');
  expect(owner('scripts/D.s.sol', folder.path)).toBe('scripts/scripts');
  expect(owner('db/migrations/0000.sql', folder.path)).toBe('scripts/drizzle');
});

test('a setting that cannot be read is none: a pipe, a huge file, a folder', () => {
  using folder = tempFolder();
  put(folder.path, 'foundry.toml', Buffer.alloc(5 << 20, 'broadcast = "x"\n'));
  put(folder.path, 'drizzle.config.ts/x', '');
  expect(owner('broadcast/D.s.sol/1/run-latest.json', folder.path)).toBe('foundry/broadcast');
  expect(owner('drizzle/0.sql', folder.path)).toBe('scripts/drizzle');
});

test('each preset says what it is found by, and what it keeps', () => {
  expect(new Set(PRESETS.map(({ name }) => name)).size).toBe(PRESETS.length);
  for (const { name, foundBy, places, configs = [] } of PRESETS) {
    expect(name).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/);
    expect(Object.values(foundBy).flat(), name).not.toEqual([]);
    expect([...places, ...configs], name).not.toEqual([]);
    // No source of one preset conflicts with another one of the same preset.
    checkCategories(presetCategories('/nowhere', {}, new Map([[name, ['.']]])), name);
  }
});

test.each(['backups', '.migbackup/x', 'leveldb/x', '.git/x', 'node_modules/x'])(
  'a setting that names %s moves nothing there',
  (place) => {
    using folder = tempFolder();
    put(folder.path, 'foundry.toml', `[profile.default]\nbroadcast = "${place}"\n`);
    const foundry = presetCategories(folder.path, {}).find(({ name }) => name === 'foundry');
    expect(foundry?.sources.find(({ name }) => name === 'broadcast')?.path).toBe('broadcast');
  },
);

test('a million blank lines in settings and lists of workspaces are passed over', () => {
  using folder = tempFolder();
  const blank = ' \n'.repeat(1_000_000);
  put(folder.path, 'foundry.toml', `[profile.default]\n${blank}broadcast`);
  put(folder.path, 'Cargo.toml', `[workspace]\nmembers = [${blank}"a"`);
  put(folder.path, 'pnpm-workspace.yaml', `packages:\n${'  '.repeat(500_000)}\n- ${' '.repeat(1_000_000)}\n`);
  // Patterns that look at the rest of the file from each line would take minutes.
  expect(owner('broadcast/D.s.sol/1/run-latest.json', folder.path)).toBe('foundry/broadcast');
  expect(findWorkspaces(folder.path)).toEqual([]);
});
