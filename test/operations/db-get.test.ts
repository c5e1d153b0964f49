import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Db, makeDbProject, makeLevel, ODD_KEYS } from '../support/db-project.ts';
import { cleanEnvironment, cliCommand, runCli } from '../support/run-cli.ts';
import { hasTerminal, runOnTerminal } from '../support/terminal.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = tempFolder();
const root = path.join(folder.path, 'project');
const db = new Db(root);
const LARGE = Buffer.alloc(3_000_000, 'megabytes ');
const VALUES: Readonly<Record<string, string>> = {
  big: '{"n":12345678901234567890,"e":[],"o":{},"s":"a\\u0041 \u202e","deep":[1,{"x":null}]}',
  text: 'one\ntwo\u001b[31m\n',
  number: '7',
};

/** What goes to stdout, as bytes. */
function bytesOf(...args: string[]): Buffer {
  const [program, ...leading] = cliCommand();
  const ran = spawnSync(program, [...leading, 'db', 'get', ...args], {
    cwd: root,
    env: cleanEnvironment(),
    maxBuffer: 1 << 24,
  });
  expect(ran.stderr.toString()).toBe('');
  expect(ran.status).toBe(0);
  return ran.stdout;
}

beforeAll(async () => {
  await makeDbProject(root);
  const entries = Object.entries(VALUES).map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const);
  await makeLevel(path.join(root, '../values'), [...entries, [Buffer.from('large'), LARGE]]);
  expect((await runCli(['create'], { cwd: root })).exitCode).toBe(0);
});
afterAll(() => folder[Symbol.dispose]());

describe('a value', () => {
  test.each(ODD_KEYS.map(([key, text], at) => [text, key, at] as const))('%s, to the byte', (text, key, at) => {
    const value = Buffer.from([at, 0, 10]);
    expect(bytesOf('../odd', text)).toEqual(value);
    expect(bytesOf('../odd', key.toString('hex'), '--hex')).toEqual(value);
    expect(bytesOf('../odd', '--base64', key.toString('base64'))).toEqual(value);
    expect(bytesOf('../odd', '--base64', key.toString('base64url'))).toEqual(value);
  });

  test('of megabytes comes whole, into a pipe and into a file', () => {
    expect(bytesOf('../values', 'large').equals(LARGE)).toBe(true);
    const file = path.join(folder.path, 'out');
    const line = `"$@" > '${file}' && cmp '${file}' - && echo same`;
    const ran = spawnSync('sh', ['-c', line, 'sh', ...cliCommand(), 'db', 'get', '../values', 'large'], {
      cwd: root,
      env: cleanEnvironment(),
      input: LARGE,
    });
    expect(ran.stdout.toString()).toBe('same\n');
  });

  test('of a database in a backup', () => {
    expect(bytesOf('latest:leveldb', 'deployment:000007')).toEqual(bytesOf('leveldb', 'deployment:000007'));
  });

  test('is a row of a table as JSON', () => {
    for (const name of ['data/app.db', 'latest:data/app.db']) {
      const row: unknown = JSON.parse(bytesOf(name, 't/3').toString());
      expect(row).toMatchObject({ id: 3, v: 'old in wal' });
    }
  });
});

describe('--pretty', () => {
  test('indents JSON and changes none of its literals', () => {
    expect(bytesOf('../values', 'big', '--pretty').toString()).toBe(`{
  "n": 12345678901234567890,
  "e": [],
  "o": {},
  "s": "a\\u0041 \\u202e",
  "deep": [
    1,
    {
      "x": null
    }
  ]
}
`);
    expect(bytesOf('../values', 'number', '--pretty').toString()).toBe('7\n');
  });

  test('escapes what cannot be shown', () => {
    expect(bytesOf('../values', 'text', '--pretty').toString()).toBe('one\ntwo\\x1b[31m\n');
    expect(bytesOf('../odd', 'ümläut', '--pretty').toString()).toBe('\\x03\\x00\n\n'.slice(0, -1));
  });
});

test.skipIf(!hasTerminal)('a terminal gets nothing that it would obey', async () => {
  const { exitCode, screen } = await runOnTerminal(['db', 'get', '../values', 'text'], [], { cwd: root });
  expect(exitCode).toBe(0);
  expect(screen).toContain('two\\x1b[31m');
});

describe('what it refuses', () => {
  test('--json, since its output is bytes', async () => {
    expect(await db.json(['get', 'leveldb', 'deployment:000001'], 2)).toMatchObject({ error: { code: 'USAGE' } });
    const byVariable = await runCli(['db', 'get', 'leveldb', 'deployment:000001'], {
      cwd: root,
      env: { MIGBACKUP_JSON: '1' },
    });
    expect(byVariable.exitCode).toBe(2);
  });

  test.each([
    ['leveldb', 'deploment:000123', 'deployment:000123'],
    ['leveldb', 'deployment:0001234', 'deployment:000123'],
    ['data/app.db', 't/31', 't/3'],
    ['data/app.db', 'tt/30', 't/30'],
  ])('a key that is not there, with the nearest: %s %s', async (database, wanted, nearest) => {
    const { exitCode, stdout, stderr } = await db.text('get', database, wanted);
    expect({ exitCode, stdout }).toEqual({ exitCode: 10, stdout: '' });
    expect(stderr).toContain(`has no record ${wanted}  (NO_SUCH_RECORD)`);
    expect(stderr).toContain(`hint   The nearest key is "${nearest}".`);
  });

  test.each([
    ['0', '--hex'],
    ['zz', '--hex'],
    ['a=b', '--base64'],
    ['a b', '--base64'],
    ['a\\b', '--pretty'],
  ])('a key that is written wrong: %s %s', async (...args) => {
    expect(await db.text('get', 'leveldb', ...args)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
