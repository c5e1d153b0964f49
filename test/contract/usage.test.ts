import { realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { errorDocumentSchema } from '../../src/cli/error-document.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** What a person typed, what is wrong with it, and what the hint begins with. */
const SAID: readonly [args: readonly string[], message: string, hint: string][] = [
  [['verify', '--sample', '10', '--quick'], '--sample and --quick exclude each other', 'Leave one of them out.'],
  [['verify', '--all', '--latest'], '--all and --latest exclude each other', 'Leave one of them out.'],
  [['restore', '--to', 'x', '--exact'], '--to and --exact exclude each other', 'Leave one of them out.'],
  [['create', '--accept-gone', '--only', 'a=b c'], '--accept-gone and --only exclude each other', 'Leave one'],
  [['verify', '--seed', '3'], '--seed needs --sample', 'Give --sample too, or leave --seed out.'],
  [['db', 'diff', 'a'], 'db diff needs AFTER, which is missing', 'Write migbackup db diff BEFORE AFTER.'],
  [['db', 'get'], 'db get needs DATABASE and KEY, which are missing', 'Write migbackup db get DATABASE KEY.'],
  [['db', 'ls'], 'db ls needs DATABASE, which is missing', 'Write migbackup db ls DATABASE [TABLE].'],
  [['create', 'extra'], 'create takes no argument: "extra" is too many', 'To name a part, give --only extra.'],
  [['list', 'foo', 'bar'], 'list takes no argument: "foo", "bar" are too many', 'Leave them out.'],
  [['backup', 'list', 'foo', '--quiet'], 'list takes no argument: "foo" is too many', 'Leave it out.'],
  [['list', '--quiet', 'foo'], 'list takes no argument: "foo" is too many', 'Leave it out.'],
  [['verify', 'a', 'b'], 'verify takes at most 1 argument: "b" is too many', 'Leave it out.'],
  [['guard'], 'guard needs a command to run, after --', 'For example: migbackup guard -- npm run migrate'],
  [
    ['guard', 'npm', 'run', 'x'],
    'guard needs -- before its command',
    'Write migbackup guard -- npm run x; everything after',
  ],
  [
    ['guard', '--note', 'why not', '--tag=a=b', '--passthrough', 'npx', 'run', '--network', 'y'],
    'guard needs -- before its command',
    "Write migbackup guard --note 'why not' --tag=a=b --passthrough -- npx run --network y; everything after",
  ],
  [
    ['guard', 'npm', 'test', '--', '-x'],
    'guard needs -- before its command',
    'Write migbackup guard -- npm test -- -x;',
  ],
  [['create', '--level', '20'], '--level takes at most 19, not 20', 'migbackup create --help'],
  [['create', '--level', 'x'], '--level takes a whole number, not "x"', 'migbackup create --help'],
  [['prune', '--keep-last', '0'], '--keep-last takes at least 1, not 0', 'migbackup prune --help'],
  [
    ['prune', '--keep-last', '99999999999999999999'],
    '--keep-last takes at most 9007199254740991, not 99999999999999999999',
    'migbackup prune --help',
  ],
  [
    ['prune', '--keep-tag', 'x'],
    '--keep-tag x is not KEY=VALUE',
    'Write KEY=VALUE, for example --keep-tag release=1.4.',
  ],
  [['create', '--tag', 'x'], '--tag x is not KEY=VALUE', 'Write KEY=VALUE, for example --tag release=1.4.'],
  [['init', '--backups', ''], '--backups is empty', 'Give a path, or leave --backups out.'],
  [['list', '--root='], '--root is empty', 'Give a path, or leave --root out.'],
  [['list', '--config', ''], '--config is empty', 'Give a path, or leave --config out.'],
  [['list', '--log-file', ''], '--log-file is empty', 'Give a path, or leave --log-file out.'],
  [['export', '--output', ''], '--output is empty', 'Give a path, or leave --output out.'],
  [['report', '--in-toto', ''], '--in-toto is empty', 'Give a path, or leave --in-toto out.'],
  [
    ['report', '--in-toto', '-', '--format', 'json'],
    '--in-toto - and the JSON document both go to stdout',
    'Give --in-toto FILE; the document has the predicate too.',
  ],
  [['restore', '--to', ''], '--to is empty', 'Give a path, or leave --to out.'],
  [['create', '--level'], '--level needs a value', 'migbackup create --help'],
  [['create', '--compression'], '--compression needs a value: zstd or none', 'migbackup create --help'],
  [['create', '--compression', 'gz'], '--compression takes zstd or none, not "gz"', 'migbackup create --help'],
  [['create', '--note', 'a', '--note', 'b'], '--note is given more than once', 'Give it once.'],
  [['version'], '"version" is not a migbackup command', 'migbackup --version prints the version.'],
  [
    ['-v'],
    'expected a command before -v',
    'migbackup --version prints the version. With --log-level debug a command says more',
  ],
  [['-n'], 'expected a command before -n', 'Give --dry-run after restore'],
  [['restore', '-n'], 'restore has no flag -n', 'Did you mean --dry-run? migbackup restore --help'],
  [['create', '-n'], 'create has no flag -n', 'migbackup validate checks whether a backup would work, and takes none.'],
  [['diff', '-v'], 'diff has no flag -v', 'Did you mean --verbose?'],
  [['create', '-v'], 'create has no flag -v', 'With --log-level debug it says more about what it does.'],
  [['restore', '-x'], 'restore has no flag -x', 'migbackup restore --help lists arguments and flags.'],
  [['help', 'crate'], '"crate" is not a migbackup command', 'Did you mean migbackup create?'],
  [['db', 'digets'], '"db digets" is not a migbackup command', 'Did you mean migbackup db digest?'],
  [['preset', 'show', 'fundry'], 'there is no preset "fundry"', 'Did you mean migbackup preset show foundry?'],
  [['preset', 'show', 'zzzzzzz'], 'there is no preset "zzzzzzz"', 'List them with: migbackup preset list'],
];

test.each(SAID)('migbackup %j', async (args, message, hint) => {
  using folder = tempFolder();
  // Colours are for the terminal alone: in a message their codes would be printed as text.
  const text = await runCli(args, { cwd: folder.path, env: { FORCE_COLOR: '1' } });
  expect(text).toMatchObject({ exitCode: 2, stdout: '' });
  expect(text.stderr).toContain(`  ${message}  (USAGE)`);
  expect(text.stderr).not.toMatch(/\\x[01]/);

  const json = await runCli(args, { cwd: folder.path, env: { MIGBACKUP_JSON: '1' } });
  const { error } = errorDocumentSchema.parse(JSON.parse(json.stdout));
  expect(error).toMatchObject({ code: 'USAGE', message });
  expect(error.hint.slice(0, hint.length)).toBe(hint);
});

test('a value that came from the environment is said by its variable', async () => {
  using folder = tempFolder();
  const { stderr } = await runCli(['create'], { cwd: folder.path, env: { MIGBACKUP_LEVEL: '20' } });
  expect(stderr).toContain('MIGBACKUP_LEVEL takes at most 19, not 20  (USAGE)');
});

test.each([
  [['-h'], []],
  [['restore', '-h'], ['restore']],
  [['db', '-h'], ['db']],
  [['guard', '-h'], ['guard']],
])('migbackup %j is the help', async (args, words) => {
  const short = await runCli(args);
  expect(short).toMatchObject({ exitCode: 0, stderr: '' });
  expect(short.stdout).toBe((await runCli([...words, '--help'])).stdout);
});

test('-h behind -- is a word of the guarded command', async () => {
  using folder = tempFolder();
  const { exitCode, stderr } = await runCli(['guard', '--', 'true', '-h'], { cwd: folder.path });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('NOTHING_TO_BACK_UP');
});

test.each([
  [['list', '--root', 'nowhere'], 'the project folder does not exist: FOLDER/nowhere  (USAGE)'],
  [['list', '--root', 'package.json'], 'the project folder is not a folder: FOLDER/package.json  (USAGE)'],
  [['list', '--log-file', 'no/log'], 'there is no folder FOLDER/no for the log  (IO)'],
  [['list', '--log-file', 'package.json/log'], 'there is no folder FOLDER/package.json for the log  (IO)'],
  [['list', '--log-file', '.'], 'the log could not be opened: EISDIR'],
  [['create', '--config', 'no.json'], 'FOLDER/no.json: does not exist  (CONFIG_INVALID)'],
  [['verify', '--backups', 'no'], 'there is no backup in FOLDER/no, which does not exist  (NO_SUCH_BACKUP)'],
  [['verify', '--backups', 'package.json'], 'no backup in FOLDER/package.json, which is not a folder  (NO_SUCH'],
  [['show', 'a/b'], 'there is no file or folder a/b: there is no backup in FOLDER/backups, which does not exist'],
])('a folder or file that does not exist: migbackup %j', async (args, says) => {
  using folder = tempFolder();
  writeFileSync(path.join(folder.path, 'package.json'), '{}');
  const { stderr } = await runCli(args, { cwd: folder.path });
  expect(stderr).toContain(says.replaceAll('FOLDER', realpathSync(folder.path)));
});
