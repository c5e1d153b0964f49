import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeDatabase } from '../databases/leveldb/make-database.ts';
import { put } from '../support/files.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const WORDS = 'bytes and CRCs verified, not counted';

/** Without the breaks of lines. */
async function say(root: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await runCli(args, { cwd: root });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return stdout.replaceAll(/\s+/g, ' ');
}

test('a database whose order only its application knows is never said to be counted, nor to hold nothing', async () => {
  using folder = tempFolder();
  const root = folder.path;
  const at = (name: string): string => path.join(root, 'deployments', name);
  put(root, 'package.json', '{}');
  writeDatabase(at('indexed-db'), [[Buffer.from('k'), Buffer.from('v')]], { comparator: 'idb_cmp1' });

  // By itself: no number of records stands anywhere.
  for (const args of [['validate'], ['create'], ['show', 'latest'], ['diff', 'latest'], ['report', 'latest']]) {
    const said = await say(root, ...args);
    expect(said).toContain(WORDS);
    expect(said).not.toMatch(/\d records?\b|uncounted|, proven/);
  }

  await makeDatabase(at('counted'), (db) => db.put(Buffer.from('key'), Buffer.from('value')));
  expect(await say(root, 'create')).toContain(`1 record, proven; 1 database: ${WORDS}`);
  expect(await say(root, 'show', 'latest')).toContain(`deployments/indexed-db: LevelDB, ${WORDS},`);
  expect(await say(root, 'validate')).toContain(`deployments/indexed-db: LevelDB, ${WORDS}`);
  expect(await say(root, 'report', 'latest')).toMatch(
    /deployments\/indexed-db`? \| LevelDB \| bytes and CRCs verified, not counted \|/,
  );
  const rehearsed = await say(root, 'verify', 'latest', '--rehearse');
  expect(rehearsed).toContain('1 of 2 databases opened (1 record), not deployments/indexed-db;');
  expect(rehearsed).toContain(`LevelDB database deployments/indexed-db: ${WORDS}; LevelDB cannot open it,`);

  const { backups } = JSON.parse(await say(root, 'list', '--json'));
  const procedures = fs.readFileSync(path.join(root, 'backups', backups[0].backupId, 'RESTORE_PROCEDURES.md'), 'utf8');
  expect(procedures).toMatch(/`deployments\/indexed-db` \| LevelDB \| bytes and CRCs verified, not counted \|/);

  put(root, 'deployments/indexed-db/MANIFEST-000004', fs.readFileSync(at('indexed-db/MANIFEST-000004')));
  expect(await say(root, 'diff', 'latest')).toContain(`? deployments/indexed-db: ${WORDS}: its files say`);
});
