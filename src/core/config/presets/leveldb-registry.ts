import type { Preset } from './preset.ts';

/** The layout of a deployment registry that moves from JSON files to a LevelDB: both, and the scripts that migrate it. */
export const leveldbRegistry: Preset = {
  name: 'leveldb-registry',
  title: 'deployment registry in a LevelDB, with its legacy and unified JSON files',
  foundBy: {
    paths: ['leveldb/CURRENT', 'leveldb-backup', 'leveldb-inventory.json', 'deployments/unified', 'deployments-test'],
  },
  places: [
    { category: 'leveldb', source: 'current', path: 'leveldb', type: 'leveldb', what: 'the registry database' },
    {
      category: 'leveldb',
      source: 'previous-exports',
      path: 'leveldb-backup',
      what: 'exports of the registry database',
    },
    {
      category: 'leveldb',
      source: 'reports',
      path: '.',
      include: ['leveldb-inventory.json', 'leveldb-data-integrity-report.md'],
      what: 'reports about the registry database',
    },
    { category: 'legacy-json', source: 'deployments', path: 'deployments', what: 'deployment records' },
    { category: 'legacy-json', source: 'historical-backups', path: 'deployments/backups', what: 'deployment records' },
    { category: 'unified-json', source: 'unified', path: 'deployments/unified', what: 'deployment records' },
    { category: 'unified-json', source: 'backups', path: 'deployments/unified/backups', what: 'deployment records' },
    { category: 'unified-json', source: 'test-deployments', path: 'deployments-test', what: 'deployment records' },
    { category: 'scripts', source: 'backup', path: 'scripts/backup', what: 'scripts' },
    { category: 'scripts', source: 'migration', path: 'scripts/migration', what: 'scripts' },
    { category: 'scripts', source: 'utils', path: 'scripts/utils', what: 'scripts' },
  ],
};
