import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatSum } from '../../src/core/format/sums.ts';
import { put } from './files.ts';

export const VERSION1_ID = 'migration-2025-10-01T12-00-00';

/** Files in the folders that the scripts used, beside the copy of the database. */
const FILES: Readonly<Record<string, string>> = {
  'leveldb/leveldb-inventory.json': '{"entries": 200}',
  'leveldb/previous-exports/export.json': '{}',
  'legacy-json/mainnet.json': '{"chainId": 1}',
  'legacy-json/historical-backups/2024.json': '{"old": 1}',
  'unified-json/mainnet.json': '{"unified": 1}',
  'unified-json/backups/mainnet.bak.json': '{}',
  'unified-json/test-deployments/hardhat.json': '{"test": 1}',
  'configs/package.json': '{"name": "x"}',
  'configs/schemas/deployment.json': '{}',
  'scripts/deploy.ts': 'deploy();\n',
  'docs/main/how.md': '# How\n',
  'docs/README.md': '# Read me\n',
};

/** Where each comes back. */
export const VERSION1_PLACES: Readonly<Record<string, string>> = {
  'leveldb/leveldb-inventory.json': 'leveldb-inventory.json',
  'leveldb/previous-exports/export.json': 'leveldb-backup/export.json',
  'legacy-json/mainnet.json': 'deployments/mainnet.json',
  'legacy-json/historical-backups/2024.json': 'deployments/backups/2024.json',
  'unified-json/mainnet.json': 'deployments/unified/mainnet.json',
  'unified-json/backups/mainnet.bak.json': 'deployments/unified/backups/mainnet.bak.json',
  'unified-json/test-deployments/hardhat.json': 'deployments-test/hardhat.json',
  'configs/package.json': 'package.json',
  'configs/schemas/deployment.json': 'schemas/deployment.json',
  'scripts/deploy.ts': 'scripts/deploy.ts',
  'docs/main/how.md': 'docs/how.md',
  'docs/README.md': 'README.md',
};

/** Keys of the manifest's categories -> folders. */
const KEYS: Readonly<Record<string, string>> = {
  leveldb: 'leveldb',
  legacyJson: 'legacy-json',
  unifiedJson: 'unified-json',
  configs: 'configs',
  scripts: 'scripts',
  docs: 'docs',
};

/**
 * A backup as the original scripts made them, with the defects that their manifests are known for: counts of 0 and names that differ
 * from the folders. SHA256SUMS is right. Returns its folder.
 * @param database a LevelDB folder to take along
 */
export function makeVersion1Backup(repository: string, database: string): string {
  const folder = path.join(repository, VERSION1_ID);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(FILES)) {
    put(folder, file, text);
    utimesSync(path.join(folder, file), 1_700_000_000, 1_700_000_000);
  }
  chmodSync(path.join(folder, 'scripts/deploy.ts'), 0o755);
  cpSync(database, path.join(folder, 'leveldb/current'), { recursive: true });
  put(folder, 'RESTORE_PROCEDURES.md', 'rm -rf leveldb && cp ...\n');
  put(folder, 'EMERGENCY_ROLLBACK.sh', '#!/bin/sh\n');
  put(folder, 'VERIFICATION_REPORT.json', '{"status": "PASSED"}');
  const manifest = {
    version: '1.0.0',
    backupId: VERSION1_ID,
    timestamp: '2025-10-01T12:00:00.000Z',
    totalFiles: 112,
    totalSize: 0,
    allChecksumsPassed: true,
    categories: {
      leveldb: { files: 0, sizeBytes: 0 },
      legacyJson: { files: 0, sizeBytes: 0 },
      contracts: { files: 3 },
    },
  };
  writeFileSync(path.join(folder, 'BACKUP_MANIFEST.json'), JSON.stringify(manifest, null, 2));
  resumVersion1(folder);
  return folder;
}

/** Writes SHA256SUMS for what is there. */
export function resumVersion1(folder: string): void {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const files = names.filter((name) => /^(leveldb|legacy-json|unified-json|configs|scripts|docs)\//.test(name));
  const lines = files
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .map((name) =>
      formatSum(
        createHash('sha256')
          .update(readFileSync(path.join(folder, name)))
          .digest('hex'),
        name,
      ),
    );
  mkdirSync(path.join(folder, 'checksums'), { recursive: true });
  writeFileSync(path.join(folder, 'checksums/SHA256SUMS'), lines.join(''));
}

/** Sets the manifest right: what it says is what is there. */
export function mendVersion1Manifest(folder: string): void {
  const categories: Record<string, { files: number; sizeBytes: number }> = {};
  const total = { files: 0, sizeBytes: 0 };
  for (const [key, name] of Object.entries(KEYS)) {
    const names = readdirSync(path.join(folder, name), { recursive: true, encoding: 'utf8' });
    const stats = names.map((file) => statSync(path.join(folder, name, file))).filter((stat) => stat.isFile());
    const sizeBytes = stats.reduce((sum, { size }) => sum + size, 0);
    categories[key] = { files: stats.length, sizeBytes };
    total.files += stats.length;
    total.sizeBytes += sizeBytes;
  }
  const manifest = {
    version: '1.0.0',
    backupId: VERSION1_ID,
    timestamp: '2025-10-01T12:00:00.000Z',
    totalFiles: total.files,
    totalSize: total.sizeBytes,
    categories,
  };
  writeFileSync(path.join(folder, 'BACKUP_MANIFEST.json'), JSON.stringify(manifest, null, 2));
}
