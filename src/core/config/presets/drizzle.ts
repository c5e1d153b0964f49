import type { Preset } from './preset.ts';

export const drizzle: Preset = {
  name: 'drizzle',
  title: 'Drizzle',
  foundBy: { paths: ['drizzle.config.*'], packages: ['drizzle-orm', 'drizzle-kit'] },
  configs: ['drizzle.config.*'],
  places: [
    {
      category: 'scripts',
      source: 'drizzle',
      path: 'drizzle',
      movedBy: { files: ['drizzle.config.ts', 'drizzle.config.js', 'drizzle.config.mjs'], key: 'out' },
      what: 'migrations',
    },
    { category: 'scripts', source: 'migrations', path: 'migrations', what: 'migrations' },
    {
      category: 'databases',
      source: 'files',
      path: '.',
      include: ['*.{db,sqlite,sqlite3}', 'data/*.{db,sqlite,sqlite3}'],
      what: 'database files',
    },
  ],
};
