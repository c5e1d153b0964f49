import fs from 'node:fs';
import path from 'node:path';
import { CONFIG_FILE } from './config-file.ts';
import { isDatabaseFolder } from '../model/engine-name.ts';
import type { Category, Source, SourceType } from '../model/category.ts';

interface PresetSource {
  readonly name: string;
  readonly path: string;
  readonly type?: SourceType;
  readonly include?: readonly string[];
  readonly external?: boolean;
}

const CONFIG_FILES = [
  CONFIG_FILE,
  'hardhat.config.*',
  'foundry.toml',
  'foundry.lock',
  'remappings.txt',
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'bun.lockb',
  'tsconfig*.json',
  '.env.example',
  '.env',
  '.env.*',
  'CLAUDE.md',
];

const REPORTS = ['leveldb-inventory.json', 'leveldb-data-integrity-report.md'];

/**
 * What is covered without a config file: the places where Hardhat, OpenZeppelin, Ignition and Foundry keep state that cannot be recreated. Only what
 * exists is stored.
 */
export function presetCategories(root: string, env: NodeJS.ProcessEnv): Category[] {
  const proxies = relativeOr(root, env['MANIFEST_DEFAULT_DIR'], '.openzeppelin');
  const broadcast = relativeOr(root, foundryBroadcast(root), 'broadcast');
  return [
    category('leveldb', [
      { name: 'current', path: 'leveldb', type: 'leveldb' },
      { name: 'previous-exports', path: 'leveldb-backup' },
      { name: 'reports', path: '.', include: REPORTS },
    ]),
    category('legacy-json', [
      { name: 'deployments', path: 'deployments' },
      { name: 'historical-backups', path: 'deployments/backups' },
    ]),
    category('unified-json', [
      { name: 'unified', path: 'deployments/unified' },
      { name: 'backups', path: 'deployments/unified/backups' },
      { name: 'test-deployments', path: 'deployments-test' },
    ]),
    category('configs', [
      { name: 'files', path: '.', include: CONFIG_FILES },
      { name: 'schemas', path: 'schemas' },
    ]),
    category('scripts', [
      { name: 'backup', path: 'scripts/backup' },
      { name: 'migration', path: 'scripts/migration' },
      { name: 'utils', path: 'scripts/utils' },
      { name: 'scripts', path: 'scripts' },
      { name: 'script', path: 'script' },
    ]),
    category('docs', [
      { name: 'main', path: 'docs' },
      { name: 'root', path: '.', include: ['*.md'] },
    ]),
    category('proxies', [{ name: 'manifests', path: proxies, external: true }]),
    category('ignition', [{ name: 'deployments', path: 'ignition/deployments', external: true }]),
    category('foundry', [
      { name: 'broadcast', path: broadcast, external: true },
      { name: 'cache', path: 'cache', include: ['*.s.sol/**'], external: true },
    ]),
  ];
}

function category(name: string, sources: readonly PresetSource[]): Category {
  return { name, sources: sources.map((source) => fullSource(name, source)) };
}

function fullSource(category: string, source: PresetSource): Source {
  const type = source.type ?? 'files';
  return {
    category,
    name: source.name,
    path: source.path,
    type,
    include: source.include ?? [],
    exclude: [],
    required: false,
    exclusive: isDatabaseFolder(type),
    external: source.external ?? false,
  };
}

/** The folder that another tool's setting names, if it is in the project; otherwise the default. */
function relativeOr(root: string, setting: string | undefined, fallback: string): string {
  if (setting === undefined || setting === '') return fallback;
  const native = path.relative(root, path.resolve(root, setting));
  const normal = native.split(path.sep).join('/');
  return path.isAbsolute(native) || normal === '' || normal === '..' || normal.startsWith('../') ? fallback : normal;
}

/** `broadcast = "…"` of foundry.toml. Reading one line is enough, because the value is a plain string there. For any other form the default is used. */
function foundryBroadcast(root: string): string | undefined {
  let text: string;
  try {
    text = fs.readFileSync(path.join(root, 'foundry.toml')).toString('utf8');
  } catch {
    return undefined;
  }
  return /^\s*broadcast\s*=\s*["']([^"']+)["']/m.exec(text)?.[1];
}

/**
 * Project-relative paths of files that may hold keys or passwords, in upper or lower case. They are left out unless `includeSecrets` is set, and a
 * finding says either. `.env.example`, `.env.sample` and `.env.template` never count as secrets.
 */
export const DEFAULT_SECRETS: readonly string[] = [
  '**/.env',
  '**/.env.*',
  '**/*.{pem,key,p12,pfx}',
  '**/id_{rsa,dsa,ecdsa,ed25519}*',
  // Java and Ethereum key stores; the second is how geth, Hardhat and Foundry name theirs
  '**/*.{keystore,jks}',
  '**/UTC--*--*',
  // where Truffle and Hardhat tutorials put the mnemonic
  '**/.secret',
  '**/mnemonic.txt',
  // Foundry's sensitive run logs hold RPC URLs with their keys
  '**/cache/*.s.sol/**',
];
