import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** A database that nobody here can read (SQLCipher) is a source of its own: its -wal belongs to it all the same. */

const WAL = Buffer.concat([Buffer.from('377f0682002de218', 'hex'), randomBytes(4112)]);
const JOURNAL = Buffer.concat([Buffer.from('d9d505f920a163d7', 'hex'), randomBytes(504)]);

let temp: TempFolder;
let root: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'data/enc.db', randomBytes(8192));
  return () => temp[Symbol.dispose]();
});

const run = (...args: string[]) => runCli(args, { cwd: root });
const configure = (sources: object): void =>
  put(root, 'migbackup.config.json', JSON.stringify({ categories: { app: { sources } } }));
const inData = (): [string, string][] =>
  fs.readdirSync(path.join(root, 'data')).map((name) => [name, fs.readFileSync(path.join(root, 'data', name), 'hex')]);

test.each([
  ['-wal', WAL],
  ['-journal', JOURNAL],
])('its %s is stored, said, and comes back', async (part, bytes) => {
  configure({ d: { path: 'data/enc.db' } });
  put(root, `data/enc.db${part}`, bytes);
  const before = inData();
  const created = await run('create', '--json');
  expect(created.exitCode, created.stderr).toBe(0);
  expect(JSON.parse(created.stdout)).toMatchObject({
    totals: { files: 3 },
    findings: [{ code: 'database-foreign', path: 'data/enc.db', evidence: { engine: 'sqlite-encrypted' } }],
  });
  expect((await run('verify', '--latest')).exitCode).toBe(0);
  fs.writeFileSync(path.join(root, 'data/enc.db'), randomBytes(8192));
  fs.rmSync(path.join(root, `data/enc.db${part}`));
  const changed = inData();
  const restored = await run('restore', '--latest', '--yes');
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(inData()).toEqual(before);
  const undone = await run('undo', '--yes');
  expect(undone.exitCode, undone.stderr).toBe(0);
  expect(inData()).toEqual(changed);
});

test('what lies beside it goes once where another source has it, and is left where it is no part', async () => {
  configure({ d: { path: 'data/enc.db' }, all: { path: 'data' } });
  put(root, 'data/enc.db-wal', WAL);
  expect(JSON.parse((await run('create', '--json')).stdout)).toMatchObject({ totals: { files: 3 } });
  configure({ d: { path: 'data/enc.db' } });
  put(root, 'data/enc.db-wal', 'a text');
  expect(JSON.parse((await run('create', '--json')).stdout)).toMatchObject({ totals: { files: 2 } });
});
