import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SOURCES } from '../../scripts/schemas.ts';

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const schemaOf = (name: string): Schema =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}.json`, import.meta.url), 'utf8'));

/** Every key of a document with its path: `backups[].backupId`. */
function keysOf(schema: Schema, defs: Readonly<Record<string, Schema>>, at: string, seen: readonly string[]): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return seen.includes(name) ? [] : keysOf(defs[name] ?? {}, defs, at, [...seen, name]);
  }
  const { properties = {}, additionalProperties: others, items, anyOf = [] } = schema;
  return [
    ...Object.entries(properties).flatMap(([key, inner]) => [
      `${at}${key}`,
      ...keysOf(inner, defs, `${at}${key}.`, seen),
    ]),
    ...(typeof others === 'object' ? keysOf(others, defs, `${at}*.`, seen) : []),
    ...(items === undefined ? [] : keysOf(items, defs, at.replace(/\.$/, '[].'), seen)),
    ...anyOf.flatMap((inner) => keysOf(inner, defs, at, seen)),
  ];
}

const DOCUMENTS = Object.entries(SOURCES).flatMap(([name, { printedBy }]) => {
  const schema = schemaOf(name);
  return printedBy === null ? [] : [{ name, keys: new Set(keysOf(schema, schema.$defs ?? {}, '', [])) }];
});

test('the walk finds what lies deep', () => {
  const keys = DOCUMENTS.find(({ name }) => name === 'list')?.keys;
  expect([...(keys ?? [])]).toEqual(expect.arrayContaining(['tool.version', 'backups[].lastVerification.mode']));
});

test.each(DOCUMENTS)('$name says which migbackup answered, and what the document is', ({ name, keys }) => {
  expect([...keys]).toEqual(expect.arrayContaining(['tool', 'tool.name', 'tool.version', 'tool.runtime']));
  if (name !== 'version') expect([...keys]).toEqual(expect.arrayContaining(['operation', 'startedAt', 'durationMs']));
});

test.each(DOCUMENTS.filter(({ keys }) => keys.has('findings')))(
  '$name sums up what is to be done about its findings',
  ({ keys }) => {
    expect(keys).toContain('recommendations');
  },
);

/** Names that one thing had beside the one that it has everywhere, and where such a word means something else. */
const OTHER_NAMES: readonly [key: string, name: string, elsewhere: RegExp][] = [
  // An archive is described as the manifest does.
  ['size', 'bytes', /^categories\.\*\.archive\./],
  ['valueBytes', 'bytes', /^$/],
  ['freed', 'freedBytes', /^$/],
  ['figures', 'totals', /^$/],
  ['safetyId', 'safetyBackup', /^$/],
  ['scope', 'mode', /^(reports\[\]\.)?scope$/],
  // Projects, checks and operations have ids of their own.
  ['id', 'backupId', /(^|\.)project\.|^checks\[\]\.|^operations\[\]\.|^undone\./],
];

test.each(OTHER_NAMES)('%s is called %s', (key, _name, elsewhere) => {
  const found = DOCUMENTS.flatMap(({ name, keys }) =>
    [...keys]
      .filter((where) => where.split('.').at(-1) === key && !elsewhere.test(where))
      .map((where) => `${name}: ${where}`),
  );
  expect(found).toEqual([]);
});

test('a finding or a check has a recommendation, a document recommendations', () => {
  const where = new Set(DOCUMENTS.flatMap(({ keys }) => [...keys].filter((key) => /recommend/.test(key))));
  for (const key of where)
    expect(key).toMatch(/(^|\.)(findings|checks)\[\]\.recommendation$|^(reports\[\]\.)?recommendations$/);
});
