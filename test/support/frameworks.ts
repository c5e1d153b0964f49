import { createHash } from 'node:crypto';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { mkdirSync } from 'node:fs';
import { put } from './files.ts';

/** A small project of one framework, written by hand after the list of files of a public one. */
export interface Framework {
  readonly name: string;
  /** The public projects whose lists of files it follows. */
  readonly after: string;
  /** `preset folder`, one each, as init finds them. */
  readonly found: readonly string[];
  /** Every file that is stored, and whose it is. */
  readonly covered: Readonly<Record<string, string>>;
  /** Secret files that a source covers: left out by name, and stored with includeSecrets. */
  readonly secret?: readonly string[];
  /** State that no category has, so that a finding names it. */
  readonly named?: readonly string[];
  /** What can be made again, or was written by hand and is not state: in no category and in no finding. */
  readonly silent: readonly string[];
  /** Files whose content decides something. */
  readonly contents?: Readonly<Record<string, string>>;
}

export const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'hardhat-deploy',
    after: 'ensdomains/ens-contracts',
    found: ['hardhat .', 'hardhat-deploy .', 'registries .', 'project .'],
    covered: {
      'deployments/sepolia/.chainId': 'legacy-json/deployments',
      'deployments/sepolia/.migrations.json': 'legacy-json/deployments',
      'deployments/sepolia/.pendingTransactions': 'legacy-json/deployments',
      'deployments/sepolia/ETHRegistrarController.json': 'legacy-json/deployments',
      'deployments/sepolia/solcInputs/06d6118bf6ec6ea4985b6b7b8d101933.json': 'legacy-json/deployments',
      'deployments/archive/PublicResolver_mainnet_9412610.json': 'legacy-json/deployments',
      'deploy/ethregistrar/00_deploy_base.ts': 'scripts/deploy',
      'hardhat.config.ts': 'configs/files',
      'package.json': 'configs/files',
      'bun.lockb': 'configs/files',
      'tsconfig.json': 'configs/files',
      '.env.example': 'configs/files',
      'README.md': 'docs/root',
      'docs/signing.md': 'docs/main',
      'scripts/generateWrappers.ts': 'scripts/scripts',
    },
    secret: ['.env'],
    silent: [
      'contracts/ethregistrar/ETHRegistrarController.sol',
      'artifacts/contracts/ethregistrar/ETHRegistrarController.sol/ETHRegistrarController.json',
      'cache/solidity-files-cache.json',
      'test/ethregistrar/TestController.ts',
      'node_modules/hardhat-deploy/package.json',
    ],
    contents: { 'package.json': '{"name": "ens", "devDependencies": {"hardhat-deploy": "^0.11.43"}}\n' },
  },
  {
    name: 'hardhat 3 in a pnpm workspace: rocketh, Ignition, OpenZeppelin',
    after: 'wighawag/template-ethereum-contracts, NomicFoundation/hardhat-ignition',
    found: [
      'project .',
      'hardhat contracts',
      'hardhat-deploy contracts',
      'ignition contracts',
      'openzeppelin contracts',
      'registries contracts',
      'project contracts',
      'project web',
    ],
    covered: {
      'package.json': 'configs/files',
      'pnpm-workspace.yaml': 'configs/files',
      'pnpm-lock.yaml': 'configs/files',
      'turbo.json': 'configs/files',
      'contracts/package.json': 'configs/contracts-files',
      'contracts/hardhat.config.ts': 'configs/contracts-files',
      'contracts/rocketh.ts': 'configs/contracts-files',
      'contracts/rocketh/deploy.ts': 'scripts/contracts-rocketh',
      'contracts/deploy/001_deploy_greetings.ts': 'scripts/contracts-deploy',
      'contracts/deployments/sepolia/.chain': 'legacy-json/contracts-deployments',
      'contracts/deployments/sepolia/Registry.json': 'legacy-json/contracts-deployments',
      'contracts/ignition/modules/Registry.ts': 'ignition/contracts-files',
      'contracts/ignition/parameters/sepolia.json': 'ignition/contracts-files',
      'contracts/ignition/constructor-args/registry.ts': 'ignition/contracts-files',
      'contracts/ignition/configs/base.json': 'ignition/contracts-files',
      'contracts/ignition/deployments/chain-11155111/journal.jsonl': 'ignition/contracts-deployments',
      'contracts/ignition/deployments/chain-11155111/deployed_addresses.json': 'ignition/contracts-deployments',
      'contracts/.openzeppelin/sepolia.json': 'proxies/contracts-manifests',
      'web/package.json': 'configs/web-files',
      'web/README.md': 'docs/web-root',
    },
    silent: ['contracts/src/Registry.sol', 'contracts/artifacts/src/Registry.sol/Registry.json', 'web/src/main.ts'],
    contents: {
      'pnpm-workspace.yaml': "packages:\n  - 'contracts'\n  - 'web'\n",
      'contracts/ignition/deployments/chain-11155111/journal.jsonl':
        '{"chainId":11155111,"type":"DEPLOYMENT_INITIALIZE"}\n',
    },
  },
  {
    name: 'foundry',
    after: 'Uniswap/v4-periphery, Synthetixio/synthetix-v3',
    found: ['foundry .', 'project .', 'foundry packages/evm', 'project packages/evm'],
    covered: {
      'foundry.toml': 'configs/files',
      'foundry.lock': 'configs/files',
      'remappings.txt': 'configs/files',
      '.gitmodules': 'configs/files',
      'slither.config.json': 'configs/files',
      'script/DeployPosm.s.sol': 'scripts/script',
      'broadcast/DeployPosm.s.sol/1/run-latest.json': 'foundry/broadcast',
      'broadcast/DeployPosm.s.sol/1/run-1737580000.json': 'foundry/broadcast',
      'broadcast/multi/Deploy.s.sol-latest/run.json': 'foundry/broadcast',
      // A workspace whose settings name other folders than usual.
      'packages/evm/foundry.toml': 'configs/packages-evm-files',
      'packages/evm/records/Deploy.s.sol/8453/run-latest.json': 'foundry/packages-evm-broadcast',
      'packages/evm/deploy/Deploy.s.sol': 'scripts/packages-evm-script',
    },
    secret: ['cache/DeployPosm.s.sol/1/run-latest.json', 'packages/evm/cache/Deploy.s.sol/8453/run-latest.json'],
    silent: [
      'src/PositionManager.sol',
      'lib/forge-std/foundry.toml',
      'lib/permit2/broadcast/DeployPermit2.s.sol/1/run-latest.json',
      'out/PositionManager.sol/PositionManager.json',
      'cache/solidity-files-cache.json',
    ],
    contents: { 'packages/evm/foundry.toml': '[profile.default]\nbroadcast = "records"\nscript = \'deploy\'\n' },
  },
  {
    name: 'truffle',
    after: 'truffle-box/metacoin-box and projects with its build/contracts/Migrations.json',
    found: ['truffle .', 'project .'],
    covered: {
      'build/contracts/Migrations.json': 'registries/truffle',
      'build/contracts/MetaCoin.json': 'registries/truffle',
      'migrations/1_initial_migration.js': 'scripts/migrations',
      'truffle-config.js': 'configs/files',
      'package.json': 'configs/files',
      'yarn.lock': 'configs/files',
    },
    secret: ['.secret'],
    silent: ['contracts/MetaCoin.sol', 'test/metacoin.js'],
    contents: {
      'build/contracts/MetaCoin.json':
        '{"contractName": "MetaCoin", "networks": {"1": {"address": "0x8fD00f170FDf3772C5ebdCD90bF257316c69BA45"}}}\n',
    },
  },
  {
    name: 'brownie',
    after: 'OriginProtocol/ousd-governance',
    found: ['openzeppelin .', 'brownie .', 'project .'],
    covered: {
      'build/deployments.json': 'registries/brownie-map',
      'build/deployments/map.json': 'registries/brownie',
      'build/deployments/1/0x0C4576Ca1c365868E162554AF8e385dc3e7C66D9.json': 'registries/brownie',
      'brownie-config.yaml': 'configs/files',
      'requirements.txt': 'configs/files',
      'scripts/deploy.py': 'scripts/scripts',
      '.openzeppelin/mainnet.json': 'proxies/manifests',
      'package.json': 'configs/files',
    },
    silent: [
      'contracts/Timelock.sol',
      'build/interfaces/IERC20.json',
      'build/contracts/dependencies/OpenZeppelin/openzeppelin-contracts@4.5.0/ERC20.json',
      'build/tests.json',
    ],
  },
  {
    name: 'registries by hand',
    after: 'balancer/balancer-deployments, Synthetixio/synthetix, cowprotocol/contracts',
    found: ['registries .', 'project .', 'registries pkg/snx', 'project pkg/snx', 'registries v3'],
    covered: {
      'addresses/mainnet.json': 'registries/addresses',
      'networks.json': 'registries/files',
      'deployed-contracts.json': 'registries/files',
      'v3/tasks/20241204-v3-vault/input.ts': 'registries/v3-tasks',
      'v3/tasks/20241204-v3-vault/artifact/VaultAdmin.json': 'registries/v3-tasks',
      'v3/tasks/20241204-v3-vault/output/arbitrum.json': 'registries/v3-tasks',
      'package.json': 'configs/files',
      'pkg/snx/package.json': 'configs/pkg-snx-files',
      'pkg/snx/publish/deployed/mainnet/deployment.json': 'registries/pkg-snx-publish',
      'pkg/snx/publish/deployed/mainnet/config.json': 'registries/pkg-snx-publish',
    },
    named: ['web/src/addresses.json'],
    silent: ['v3/tasks/20241204-v3-vault/index.ts', 'v3/tasks/20241204-v3-vault/readme.md', 'web/src/index.ts'],
    contents: { 'package.json': '{"workspaces": {"packages": ["pkg/*"]}}\n' },
  },
  {
    name: 'cannon',
    after: 'Synthetixio/synthetix-deployments',
    found: ['foundry .', 'cannon .', 'project .', 'cannon sandboxes/core'],
    covered: {
      'omnibus-mainnet.toml': 'configs/files',
      'cannonfile.toml': 'configs/files',
      'tomls/collaterals/snx.toml': 'configs/tomls',
      'foundry.toml': 'configs/files',
      'package.json': 'configs/files',
      'sandboxes/core/cannonfile.toml': 'configs/sandboxes-core-files',
    },
    silent: ['e2e/tests/omnibus-mainnet.toml/foundry.toml', 'src/index.js'],
  },
  {
    name: 'safe and zodiac',
    after: 'safe-global/safe-singleton-factory, safe-global/safe-deployments, gnosisguild/zodiac-modifier-delay',
    found: ['hardhat .', 'safe .', 'project .'],
    covered: {
      'artifacts/1/deployment.json': 'registries/safe-factory',
      'artifacts/11155111/deployment.json': 'registries/safe-factory',
      'mastercopies.json': 'registries/files',
      'src/assets/v1.4.1/safe.json': 'registries/safe-deployments',
      'hardhat.config.ts': 'configs/files',
      'package.json': 'configs/files',
    },
    secret: ['.env'],
    silent: [
      'artifacts/contracts/Delay.sol/Delay.json',
      'contracts/Delay.sol',
      'build/cache/solidity-files-cache.json',
    ],
  },
  {
    name: 'anchor',
    after: 'Squads-Protocol/v4',
    found: ['anchor .', 'project .', 'project programs/multisig', 'project sdk/multisig'],
    covered: {
      'Anchor.toml': 'configs/files',
      'Cargo.toml': 'configs/files',
      'Cargo.lock': 'configs/files',
      'package.json': 'configs/files',
      'target/idl/multisig.json': 'registries/anchor-idl',
      'migrations/deploy.ts': 'scripts/migrations',
      'programs/multisig/Cargo.toml': 'configs/programs-multisig-files',
      'sdk/multisig/package.json': 'configs/sdk-multisig-files',
    },
    secret: ['target/deploy/multisig-keypair.json'],
    silent: [
      'target/deploy/multisig.so',
      'target/debug/build/x.d',
      'programs/multisig/src/lib.rs',
      'sdk/multisig/src/index.ts',
    ],
    contents: {
      'Cargo.toml': '[workspace]\nmembers = [\n    "programs/*"\n]\n\n[profile.release]\nlto = "fat"\n',
      'package.json': '{"workspaces": ["sdk/*"]}\n',
    },
  },
  {
    name: 'move: Sui and Aptos',
    after: 'Bucket-Protocol/v1-periphery, OmniBTC/Aptos-AMM-swap',
    found: ['project .', 'move aptos', 'project aptos', 'move sui/periphery', 'project sui/periphery'],
    covered: {
      'sui/periphery/Move.toml': 'configs/sui-periphery-files',
      'sui/periphery/Move.lock': 'registries/sui-periphery-files',
      'sui/periphery/Published.toml': 'registries/sui-periphery-files',
      'aptos/Move.toml': 'configs/aptos-files',
      'aptos/scripts/publish.sh': 'scripts/aptos-scripts',
      'package.json': 'configs/files',
    },
    secret: ['aptos/.aptos/config.yaml'],
    silent: ['sui/periphery/sources/periphery.move', 'aptos/build/swap/BuildInfo.yaml', 'aptos/sources/swap.move'],
  },
  {
    name: 'starknet',
    after: 'Scaffold-Stark/scaffold-stark-2',
    found: [
      'project .',
      'registries packages/snfoundry',
      'project packages/snfoundry',
      'starknet packages/snfoundry/contracts',
      'project packages/snfoundry/contracts',
    ],
    covered: {
      'package.json': 'configs/files',
      'packages/snfoundry/package.json': 'configs/packages-snfoundry-files',
      'packages/snfoundry/deployments/sepolia_latest.json': 'legacy-json/packages-snfoundry-deployments',
      'packages/snfoundry/contracts/Scarb.toml': 'configs/packages-snfoundry-contracts-files',
      'packages/snfoundry/contracts/Scarb.lock': 'configs/packages-snfoundry-contracts-files',
      'packages/snfoundry/contracts/snfoundry.toml': 'configs/packages-snfoundry-contracts-files',
      'packages/snfoundry/contracts/deploy_alpha-sepolia_state.json': 'registries/packages-snfoundry-contracts-sncast',
    },
    silent: [
      'packages/snfoundry/contracts/src/your_contract.cairo',
      'packages/snfoundry/contracts/target/release/YourContract.contract_class.json',
    ],
    contents: { 'package.json': '{"workspaces": ["packages/*"]}\n' },
  },
  {
    name: 'databases: Prisma, Drizzle, Knex',
    after: 'calcom/cal.com, drizzle-team/drizzle-orm, TryGhost/Ghost',
    found: [
      'project .',
      'prisma apps/api',
      'project apps/api',
      'drizzle apps/bot',
      'databases apps/bot',
      'project apps/bot',
      'knex apps/old',
      'databases apps/old',
      'project apps/old',
    ],
    covered: {
      'package.json': 'configs/files',
      'lerna.json': 'configs/files',
      'apps/api/package.json': 'configs/apps-api-files',
      'apps/api/prisma/schema.prisma': 'configs/apps-api-files',
      'apps/api/prisma/dev.db': 'databases/apps-api-prisma',
      'apps/api/prisma/migrations/20240101_init/migration.sql': 'scripts/apps-api-prisma',
      'apps/bot/package.json': 'configs/apps-bot-files',
      'apps/bot/drizzle.config.ts': 'configs/apps-bot-files',
      'apps/bot/src/migrations/0000_init.sql': 'scripts/apps-bot-drizzle',
      'apps/bot/sqlite.db': 'databases/apps-bot-files',
      'apps/old/package.json': 'configs/apps-old-files',
      'apps/old/knexfile.js': 'configs/apps-old-files',
      'apps/old/migrations/001_users.js': 'scripts/apps-old-migrations',
      'apps/old/data/app.sqlite3': 'databases/apps-old-files',
    },
    named: ['apps/web/var/state.sqlite'],
    silent: ['apps/api/src/main.ts', 'apps/web/src/index.ts'],
    contents: {
      'lerna.json': '{"packages": ["apps/*"]}\n',
      'apps/bot/drizzle.config.ts': "export default defineConfig({\n  out: './src/migrations',\n});\n",
    },
  },
];

/** Writes the files of a project. */
export function putFramework(root: string, framework: Framework): void {
  const { covered, secret = [], named = [], silent, contents = {} } = framework;
  for (const file of [...Object.keys(covered), ...secret, ...named, ...silent]) {
    if (/\.(db|sqlite3?)$/.test(file)) putSqlite(path.join(root, file));
    else put(root, file, contents[file] ?? usual(file));
  }
}

function putSqlite(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  database.exec(
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users (name) VALUES ('a'), ('b');",
  );
  database.close();
}

/** What such a file usually holds, with an address of its own where it records one. */
function usual(file: string): string {
  const address = `0x${createHash('sha256').update(file).digest('hex').slice(0, 40)}`;
  if (file.endsWith('package.json')) return '{"name": "x", "version": "1.0.0"}\n';
  if (file.endsWith('-keypair.json')) return `[${[...Buffer.from(address)].join(',')}]\n`;
  if (file.endsWith('.json'))
    return `${JSON.stringify({ address, transactionHash: `${address}${address.slice(2, 26)}` })}\n`;
  return `# ${file}\n`;
}
