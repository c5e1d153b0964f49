import type { Preset } from './preset.ts';

export const knex: Preset = {
  name: 'knex',
  title: 'Knex',
  foundBy: { paths: ['knexfile.*'], packages: ['knex'] },
  configs: ['knexfile.*'],
  places: [
    { category: 'scripts', source: 'migrations', path: 'migrations', what: 'migrations' },
    { category: 'scripts', source: 'seeds', path: 'seeds', what: 'seeds' },
    {
      category: 'databases',
      source: 'files',
      path: '.',
      include: ['*.{db,sqlite,sqlite3}', 'data/*.{db,sqlite,sqlite3}'],
      what: 'database files',
    },
  ],
};
