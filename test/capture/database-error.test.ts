import { expect, test } from 'vitest';
import { aboutDatabase } from '../../src/core/capture/database-error.ts';
import { engineOf } from '../../src/core/databases/engines.ts';
import { busy, damaged, foreign } from '../../src/core/databases/damage.ts';
import { BackupError } from '../../src/core/model/backup-error.ts';
import { expectSentence } from '../support/sentence.ts';

const PLACE = { path: 'data/kv', category: 'leveldb', source: 'current', engine: engineOf('leveldb') };

test.each([
  ['DATABASE_DAMAGED', damaged('000005.ldb', 'a block does not read')],
  ['DATABASE_FOREIGN', foreign('kv', 'an OPTIONS file says so')],
  ['DATABASE_BUSY', busy('kv', 'no consistent state in 200 attempts')],
])('%s names the database, and the flag that stores it all the same', (code, cause) => {
  const error = aboutDatabase(cause, PLACE);
  expect(error).toBeInstanceOf(BackupError);
  expect(error).toMatchObject({ code, message: expect.stringContaining('data/kv'), cause });
  const { hint } = error instanceof BackupError ? error : { hint: '' };
  expect(hint).toContain('--raw data/kv');
  for (const sentence of hint.split(/(?<=\.) /)) expectSentence(sentence);
});

test.each([
  ['leveldb', 'data/kv', '000005.ldb', 'data/kv/000005.ldb'],
  ['leveldb', 'data/kv', 'kv', 'data/kv'],
  ['sqlite', 'data/app.db', 'app.db', 'data/app.db'],
  ['sqlite', 'data/app.db', 'app.db-wal', 'data/app.db-wal'],
  ['sqlite', 'data/app.db', 'database file', 'data/app.db'],
] as const)('%s at %s: damage in %s is at the path %s', (engine, at, file, expected) => {
  const place = { path: at, category: 'c', source: 's', engine: engineOf(engine) };
  expect(aboutDatabase(damaged(file, 'it is cut'), place)).toMatchObject({ path: expected });
});
