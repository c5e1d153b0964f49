import type { Preset } from './preset.ts';

/** Files that are named like databases. Others are found by what is in them, wherever they are. */
export const databases: Preset = {
  name: 'databases',
  title: 'SQLite databases',
  foundBy: { names: ['*.{db,sqlite,sqlite3}', 'data/*.{db,sqlite,sqlite3}'] },
  places: [
    {
      category: 'databases',
      source: 'files',
      path: '.',
      include: ['*.{db,sqlite,sqlite3}', 'data/*.{db,sqlite,sqlite3}'],
      what: 'database files',
      named: ['**/*.{db,sqlite,sqlite3}'],
    },
  ],
};
