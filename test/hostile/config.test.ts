import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import { BackupError } from '../../src/core/model/backup-error.ts';
import { selectEntries } from '../../src/core/scan/terms.ts';
import { selectBackup } from '../../src/core/repository/select.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { RAW_CONTROL } from './support/raw-control.ts';

let temp: TempFolder;
beforeEach(() => {
  temp = tempFolder();
});
afterEach(() => temp[Symbol.dispose]());

const file = (): string => path.join(temp.path, 'migbackup.config.json');
const source = (more: object): string => JSON.stringify({ categories: { docs: { sources: { main: more } } } });
const many = (count: number, make: (at: number) => [string, unknown]): object =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => make(at)));

/** Refused as CONFIG_INVALID or CONFIG_CONFLICT, in a message that may be shown. */
function expectRefused(): void {
  let caught: unknown;
  const started = process.cpuUsage();
  try {
    resolveProject({ cwd: temp.path, root: temp.path, env: {} });
  } catch (error) {
    caught = error;
  }
  expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10);
  if (!(caught instanceof BackupError)) throw caught ?? new Error('it was accepted');
  expect(caught.code).toMatch(/^CONFIG_/);
  expect(`${caught.message} ${caught.hint}`.length).toBeLessThan(20_000);
  expect('polluted' in {}).toBe(false);
}

test.each<[string, string | Buffer]>([
  ['100,000 lists in each other', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['objects in each other, with comments', '{"a":/* x */'.repeat(50_000)],
  ['8 MiB', `{${' '.repeat(8 << 20)}}`],
  ['__proto__', '{"__proto__": {"polluted": true, "backups": "/etc"}}'],
  ['__proto__, escaped', String.raw`{"categories": {"\u005f_proto__": {"sources": {}}}}`],
  ['constructor as a setting', '{"constructor": {"prototype": {"polluted": true}}}'],
  ['a source outside', source({ path: '../x' })],
  ['an absolute source', source({ path: '/etc' })],
  ['a source on a drive', source({ path: 'C:\\x' })],
  ['a NUL in a path', source({ path: 'a\0b' })],
  ['our own folder as a source', source({ path: '.MigBackup/txn' })],
  ['a pattern that leads outside', source({ path: 'docs', include: ['../../**'] })],
  ['a pattern that takes years', source({ path: 'docs', include: ['*a*a*a*a*a*a*b'] })],
  ['a pattern that repeats a group', source({ path: 'docs', exclude: ['(a+)+b'] })],
  ['braces without end', source({ path: 'docs', include: ['{a,aa}'.repeat(5000)] })],
  ['ranges of braces', source({ path: 'docs', include: ['{1..9}'.repeat(500)] })],
  ['such a pattern for secrets', JSON.stringify({ secrets: ['+(a*)b*c*d*e'] })],
  ['such a pattern to ignore', JSON.stringify({ ignore: ['**/a/**/a/**/a/**/a'] })],
  ['a NUL in the place of the backups', JSON.stringify({ backups: 'a\0b' })],
  ['terminal commands in the place of the backups', JSON.stringify({ backups: '\u001b[2J' })],
  ['the project as the place of the backups', JSON.stringify({ backups: '.' })],
  ['100,000 unknown settings', JSON.stringify(many(100_000, (at) => [`k${at}`, 1]))],
  [
    '20,000 sources',
    JSON.stringify({ categories: { docs: { sources: many(20_000, (at) => [`s${at}`, { path: `d${at}` }]) } } }),
  ],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ['UTF-16', Buffer.from('\ufeff{}', 'utf16le')],
  ['zeros', Buffer.alloc(4096)],
  ['a number too large', '{"level": 1e400}'],
])('a config with %s is refused', (_, text) => {
  writeFileSync(file(), text);
  expectRefused();
});

test('the same in package.json', () => {
  const bomb = { categories: { docs: { sources: { main: { path: '../..', include: ['*a*a*a*a*b'] } } } } };
  writeFileSync(path.join(temp.path, 'package.json'), JSON.stringify({ migbackup: bomb }));
  expectRefused();
  writeFileSync(path.join(temp.path, 'package.json'), '{"migbackup": {"__proto__": {"backups": "/etc"}}}');
  expectRefused();
});

test('a folder in its place is refused', () => {
  mkdirSync(file());
  expectRefused();
});

test.skipIf(process.platform === 'win32')(
  'a pipe and a device in its place are refused, and not waited for (not on Windows)',
  () => {
    execFileSync('mkfifo', [file()]);
    expectRefused();
    execFileSync('rm', [file()]);
    symlinkSync('/dev/zero', file());
    expectRefused();
  },
);

test.each([
  '*a*a*a*a*b',
  '(a+)+*b',
  '**/a/**/a/**/a/**/a',
  `${'{a,aa}'.repeat(30)}*`,
  '\u001b[2J*',
  '*'.repeat(70_000),
])('--only %j is refused', (term) => {
  expect(() => selectEntries([term])).toThrow(expect.objectContaining({ code: 'USAGE' }));
  expect(() => selectEntries([term])).toThrow(
    expect.not.objectContaining({ message: expect.stringMatching(RAW_CONTROL) }),
  );
});

test.each(['', './', '[', '(', ')', '{', '!', '!(', '\\', '../..', '/', '__proto__', 'constructor', '[[[[', '\0'])(
  '--only %j matches nothing, or what it spells',
  (term) => {
    const has = selectEntries([term]);
    expect(has({ category: 'docs', source: 'main', path: 'docs/a.md' })).toBe(false);
  },
);

test.each(['../../etc', '\u001b[2J', '__proto__', '', '.', '/', '/etc/passwd', 'a'.repeat(3000), 'migration-'])(
  'the id %j names no backup',
  async (id) => {
    const error = await selectBackup(resolveProject({ cwd: temp.path, env: {} }), id, { cwd: temp.path }).catch(
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(BackupError);
    // A file is there, and no export.
    expect(error).toMatchObject({ code: id === '/etc/passwd' ? 'UNSAFE_ARCHIVE' : 'NO_SUCH_BACKUP' });
    expect(String(error)).not.toMatch(RAW_CONTROL);
  },
);
