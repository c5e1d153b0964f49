import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** What asks a database's engine, and so may know none by its name. */
const ROOMS = [
  'core/operations',
  'core/change',
  'core/capture',
  'core/extract',
  'core/audit',
  'core/history',
  'core/checks',
  'core/repository',
  'core/transaction',
  'core/scan',
  'cli/render',
];

/** The lock of a folder is one of SQLite's: it is no database of anybody. Names of files that people call their databases are no engine either. */
const OTHER_BUSINESS = ['core/repository/lock.ts'];
const NOT_AN_ENGINE = [/node:sqlite, zstd|zstd, node:sqlite/, /\{sqlite,sqlite3,db\}/, /`leveldb \(5 files\)/];

function namesIn(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /leveldb|sqlite/i.test(line) && !NOT_AN_ENGINE.some((known) => known.test(line)));
}

test.each(ROOMS)('%s knows no engine by its name', (room) => {
  const files = readdirSync(path.join(SRC, room), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join(room, file.split(path.sep).join('/')))
    .filter((file) => file.endsWith('.ts') && !OTHER_BUSINESS.includes(file));
  expect(files.length).toBeGreaterThan(0);
  const found = files.flatMap((file) =>
    namesIn(readFileSync(path.join(SRC, file), 'utf8')).map((line) => `${file}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});

test('a name would be seen', () => {
  expect(namesIn("if (engine === 'leveldb') {\n} else {\n  // SQLite\n}")).toHaveLength(2);
});
