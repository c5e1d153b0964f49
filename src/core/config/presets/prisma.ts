import type { Preset } from './preset.ts';

export const prisma: Preset = {
  name: 'prisma',
  title: 'Prisma',
  foundBy: {
    paths: ['prisma/schema.prisma', 'prisma.config.*'],
    names: ['schema.prisma'],
    packages: ['prisma', '@prisma/client'],
  },
  configs: ['prisma/**/*.prisma', 'prisma/*.{js,ts,json}', 'schema.prisma', 'prisma.config.*'],
  places: [
    {
      category: 'databases',
      source: 'prisma',
      path: 'prisma',
      include: ['**/*.{db,sqlite,sqlite3}'],
      what: 'database files',
    },
    { category: 'scripts', source: 'prisma', path: 'prisma/migrations', what: 'migrations' },
  ],
};
