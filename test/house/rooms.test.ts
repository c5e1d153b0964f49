import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type Graph, readGraph, specifiersOf } from './imports.ts';
import { type Table, violations } from './violations.ts';

/** What may import what: a room imports itself and the rooms below it, no file imports itself by way of others. */
const TABLE: Table = {
  rooms: [
    {
      name: 'main.ts',
      purpose: 'starts the program, or a process that another migbackup has for locks or a proof',
      only: [
        'commands',
        'cli',
        'core/databases/prover.ts',
        'core/databases/locks/lock-probe.ts',
        'core/databases/locks/lock-keeper.ts',
        'core/fs/umask.ts',
      ],
    },
    {
      name: 'commands',
      purpose: 'one file for each command: its flags, and which operation it runs',
      only: ['cli', 'core/operations', 'core/import-v1/open-backup.ts', 'core/model'],
    },
    {
      name: 'cli',
      purpose: 'what the commands share: terminal, questions, output, errors',
      only: ['core/config', 'core/paths/names.ts', 'core/model'],
    },
    { name: 'core/operations', purpose: 'what each command does, knowing no other operation', apart: true },
    { name: 'core/change', purpose: 'plans a change of live files and makes it in place, behind a safety backup' },
    { name: 'core/import-v1', purpose: 'makes a backup of format version 1 readable as one of today' },
    { name: 'core/reconcile', purpose: 'accounts for every record of an old state in a new one' },
    { name: 'core/capture', purpose: 'takes a backup' },
    { name: 'core/extract', purpose: 'writes what a backup holds to other places, and proves it there' },
    { name: 'core/audit', purpose: 'computes from bytes whether a folder is the backup that it claims to be' },
    { name: 'core/history', purpose: 'what was done and what is unfinished: the log of operations, running guards' },
    { name: 'core/checks', purpose: 'looks at one thing each, and says what is wrong with it' },
    {
      name: 'core/chain',
      purpose: 'what a chain says about recorded deployments: asks a node, opens no file',
      only: ['core/records', 'core/paths', 'core/concurrency', 'core/model'],
    },
    { name: 'core/records', purpose: 'what known files and databases record: deployments, documents, values' },
    { name: 'core/repository', purpose: 'the folder of all backups: catalog, locks, reports, work folders' },
    {
      name: 'core/transaction',
      purpose: 'changes many files as one: stage, journal, swap, take back',
      // All below but the config: a transaction does what it is told.
      only: ['core/scan', 'core/databases', 'core/format', 'core/paths', 'core/fs', 'core/concurrency', 'core/model'],
    },
    { name: 'core/scan', purpose: 'walks the sources of a project and reads their files' },
    { name: 'core/databases', purpose: 'recognises, captures and reads LevelDB and SQLite' },
    {
      name: 'core/protection',
      purpose: 'who can read it, and who made it: files of age, SSH signatures',
      only: ['core/format', 'core/paths', 'core/fs', 'core/model'],
    },
    { name: 'core/format', purpose: 'the bytes of a backup: archives, index, sums, manifest' },
    { name: 'core/config', purpose: 'the config file: found, read, checked, written' },
    { name: 'core/paths', purpose: 'names, paths and globs' },
    {
      name: 'core/fs',
      purpose: 'what Node lacks for files: durable writes, mounts, free space',
      only: ['core/model/backup-error.ts'],
    },
    { name: 'core/concurrency', purpose: 'threads, bounded work, turns for the event loop' },
    { name: 'core/model', purpose: 'nouns: what reports, manifests and events say', packages: ['zod'] },
  ],
  // The core knows no face: it parses no command line and writes no log.
  notInCore: ['@oclif', 'pino'],
  // A command of oclif's plugin for completions, the texts package.json and oclif.manifest.json, and where classic-level is.
  computed: ['cli/completion-commands.ts', 'cli/package-files.ts', 'core/databases/locks/try-lock.ts'],
};

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = readGraph(ROOT);

test('every import of src/ is one that the table allows', () => {
  expect(violations(SOURCES, TABLE)).toEqual([]);
});

test.each(['docs/architecture.md', 'CONTRIBUTING.md'])('%s names the rooms of the core in this order', (page) => {
  const named = [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(/^(?:\| |- )`([\w-]+)\/`/gm)];
  const core = TABLE.rooms.flatMap(({ name }) => (name.startsWith('core/') ? [name.slice('core/'.length)] : []));
  expect(named.map(([, name]) => name)).toEqual(core);
});

test('a plain count of words finds as many imports as are read', () => {
  const words =
    /\bfrom '[^']+';$|^import '[^']+';$|\bimport\(|\bnew URL\((?:'[^']+\.ts'|`[^`]+`), import\.meta\.url\)|\b(?:createRequire|getBuiltinModule)\(/gm;
  const { files, imports } = SOURCES;
  const seen = Map.groupBy(imports, ({ from }) => from);
  const counts = (count: (file: string) => number): [string, number][] => files.map((file) => [file, count(file)]);
  expect(counts((file) => seen.get(file)?.length ?? 0)).toEqual(
    counts((file) => [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(words)].length),
  );
});

test('imports of all kinds are read, and none in comments, strings and regular expressions', () => {
  const text = `
    import './1.ts';
    import two, { type A, b as c } from "./2.ts";
    import type { B } from './3.ts';
    import * as four from './4.ts';
    import {} from './5.ts';
    export { d } from './6.ts';
    export {} from './7.ts';
    export * from './8.ts';
    export type { E } from './9.ts';
    export * as ten from './10.ts';
    const it = await import('./11.ts'), more = \`\${await import(\`./12.ts\`)}\`;
    let type: import('./13.ts').F;
    new URL('./14.ts', import.meta.url);
    process.getBuiltinModule('node:fs');
    await import(\`./\${name}.ts\`);
    new URL(name, import.meta.url);
    createRequire(import.meta.url)('./no.ts');
    require('./no.ts');
    const here = import.meta.url;
    URL.parse('./no.ts', import.meta.url);
    import.meta.resolve('./no.ts');
    new Worker(import.meta.dirname + '/no.ts');
    new Worker('./no.ts');
    import equal = require('./no.ts');
    declare module './no.ts' {}
    // import './no.ts';
    /* import('./no.ts') */
    const text = "import './no.ts'", template = \`
import './no.ts';\`, expression = /'"\`import('.\\/no.ts')/;
    new URL('./no.txt', import.meta.url);
    new URL('./no.ts', base);
    export const from = './no.ts';
    import last from 'last';`;
  const numbers = Array.from({ length: 14 }, (_, index) => `./${index + 1}.ts`);
  const unreadable = Array.from({ length: 11 }, () => null);
  expect(specifiersOf(text)).toEqual([...numbers, 'node:fs', ...unreadable, 'last']);
});

const FORMAT = '(rooms below format: config, paths, fs, concurrency, model)';
const CLI = '(all that cli may import: config, paths/names.ts, model)';

/** What each is, the file it is written to, its text, and what is said of it. */
test.each([
  [
    'an upward import',
    'core/format/planted.ts',
    `import { Scan } from '../scan/scanner.ts';`,
    `imports src/core/scan/scanner.ts: format may not import scan ${FORMAT}`,
  ],
  [
    'an upward import of a type',
    'core/format/deep/planted.ts',
    `import type { Scan } from '../../scan/scanner.ts';`,
    `imports src/core/scan/scanner.ts: format may not import scan ${FORMAT}`,
  ],
  [
    'an upward import of a type where it is used',
    'core/format/planted.ts',
    `export type Scan = import('../scan/scanner.ts').Scan;`,
    `imports src/core/scan/scanner.ts: format may not import scan ${FORMAT}`,
  ],
  [
    'a dynamic upward import',
    'core/format/planted.ts',
    `export const scanner = () => import('../scan/scanner.ts');`,
    `imports src/core/scan/scanner.ts: format may not import scan ${FORMAT}`,
  ],
  [
    'an upward export from',
    'core/format/planted.ts',
    `export * from '../scan/scanner.ts';`,
    `imports src/core/scan/scanner.ts: format may not import scan ${FORMAT}`,
  ],
  [
    'a thread of a room above',
    'core/format/planted.ts',
    `export const url = new URL('../capture/pack-worker.ts', import.meta.url);`,
    `imports src/core/capture/pack-worker.ts: format may not import capture ${FORMAT}`,
  ],
  [
    'a circle of two rooms (one of its imports is upward)',
    'core/fs/planted.ts',
    `import '../paths/paths.ts';`,
    'imports src/core/paths/paths.ts: fs may not import paths (all that fs may import: model/backup-error.ts)',
  ],
  [
    'an operation that imports another',
    'core/operations/list.ts',
    `import { restoreTo } from './restore/to.ts';`,
    'imports src/core/operations/restore/to.ts: list may not import restore (each of operations stands alone)',
  ],
  [
    'a part of an operation that imports another',
    'core/operations/restore/planted.ts',
    `import { undo } from '../undo.ts';`,
    'imports src/core/operations/undo.ts: restore may not import undo (each of operations stands alone)',
  ],
  [
    'a circle of files',
    'core/paths/names.ts',
    `export const load = () => import('./paths.ts');`,
    'imports src/core/paths/paths.ts imports src/core/paths/names.ts: a circle of files',
  ],
  [
    'a file that imports itself',
    'core/fs/planted.ts',
    `export * as self from './planted.ts';`,
    'imports src/core/fs/planted.ts: a circle of files',
  ],
  [
    'a core that imports cli',
    'core/format/planted.ts',
    `import { tool } from '../../cli/tool.ts';`,
    `imports src/cli/tool.ts: format may not import cli ${FORMAT}`,
  ],
  [
    'a core that imports oclif',
    'core/operations/planted.ts',
    `import type { Command } from '@oclif/core';`,
    'imports @oclif/core: operations may not import it (no room of the core may: @oclif, pino)',
  ],
  [
    'a core that loads the logger',
    'core/repository/planted.ts',
    `export const load = () => import('pino');`,
    'imports pino: repository may not import it (no room of the core may: @oclif, pino)',
  ],
  [
    'a core that computes the name of a module',
    'core/repository/planted.ts',
    'export const load = (name: string) => import(`./${name}.ts`);',
    'loads what only the running program knows: no rule can read that',
  ],
  [
    'a core that requires what it likes',
    'core/format/planted.ts',
    `import { createRequire } from 'node:module';\ncreateRequire(import.meta.url)('../scan/scanner.ts');`,
    'loads what only the running program knows: no rule can read that',
  ],
  [
    'a model that takes a module of Node from the process',
    'core/model/planted.ts',
    `process.getBuiltinModule('node:fs');`,
    'imports node:fs: model may not import it (packages it may import: zod)',
  ],
  [
    'a file that is not TypeScript',
    'core/fs/planted.cjs',
    'exports.list = 1;',
    'is not TypeScript: nothing reads its imports',
  ],
  [
    'a cli that imports an operation',
    'cli/render/planted.ts',
    `import { list } from '../../core/operations/list.ts';`,
    `imports src/core/operations/list.ts: cli may not import operations ${CLI}`,
  ],
  [
    'a cli that imports a file beside the one it may import',
    'cli/planted.ts',
    `import { x } from '../core/paths/globs.ts';`,
    `imports src/core/paths/globs.ts: cli may not import paths ${CLI}`,
  ],
  [
    'a cli that imports a command',
    'cli/planted.ts',
    `import List from '../commands/list.ts';`,
    `imports src/commands/list.ts: cli may not import commands ${CLI}`,
  ],
  [
    'a command that imports what an operation is made of',
    'commands/planted.ts',
    `import { listBackups } from '../core/repository/catalog.ts';`,
    'imports src/core/repository/catalog.ts: commands may not import repository (all that commands may import: cli, operations, import-v1/open-backup.ts, model)',
  ],
  [
    'a transaction that reads the config',
    'core/transaction/planted.ts',
    `import { loadConfig } from '../config/load.ts';`,
    'imports src/core/config/load.ts: transaction may not import config (all that transaction may import: scan, databases, format, paths, fs, concurrency, model)',
  ],
  [
    'an fs that imports more of the model than its errors',
    'core/fs/planted.ts',
    `import type { Entry } from '../model/entry.ts';`,
    'imports src/core/model/entry.ts: fs may not import model (all that fs may import: model/backup-error.ts)',
  ],
  [
    'a model that imports another room',
    'core/model/planted.ts',
    `import type { Name } from '../paths/names.ts';`,
    'imports src/core/paths/names.ts: model may not import paths (rooms below model: none)',
  ],
  [
    'a model that imports Node',
    'core/model/planted.ts',
    `import path from 'node:path';`,
    'imports node:path: model may not import it (packages it may import: zod)',
  ],
  ['an unknown room', 'core/new/deep/planted.ts', `export * from '../../operations/list.ts';`, null],
  [
    'an import of what is not there',
    'core/fs/planted.ts',
    `import { a } from './absent.ts';`,
    'imports src/core/fs/absent.ts: that is no file of src/',
  ],
  [
    'an import from outside of src/',
    'cli/planted.ts',
    `import json from '../../package.json' with { type: 'json' };`,
    'imports ./package.json: that is no file of src/',
  ],
])('%s is reported, and nothing else', (_, file, text, message) => {
  const expected = message ? `src/${file} ${message}` : 'src/core/new is not in the table of rooms';
  expect(violations(withPlanted(file, text), TABLE)).toEqual([expected]);
});

test('a line of the table that stands for nothing is reported', () => {
  const cellar = { name: 'core/cellar', purpose: 'none', only: ['core/model', 'core/model/absent.ts'] };
  expect(violations(SOURCES, { ...TABLE, rooms: [...TABLE.rooms, cellar] })).toEqual([
    'the table of rooms names src/core/cellar, which does not exist',
    'the table of rooms names src/core/model/absent.ts, which does not exist',
  ]);
});

/** The graph of src/ with this file in it; a text for a file that src/ has goes to its end. */
function withPlanted(file: string, text: string): Graph {
  using folder = tempFolder();
  const from = `src/${file}`;
  const before = SOURCES.files.includes(from) ? readFileSync(path.join(ROOT, from), 'utf8') : '';
  put(folder.path, from, `${before}${text}\n`);
  const planted = readGraph(folder.path);
  const others = SOURCES.imports.filter((each) => each.from !== from);
  return { files: [...new Set([...SOURCES.files, from])], imports: [...others, ...planted.imports] };
}
