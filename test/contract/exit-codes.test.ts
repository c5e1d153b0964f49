import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-code.ts';
import { acquireLock } from '../../src/core/repository/lock.ts';
import { flipBit } from '../support/flip-bit.ts';
import { cleanEnvironment, cliCommand, runCli, type CliResult } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/*
 * Every exit code of the table in README.md, reached by a real run of the command line, with and without --json. 1 is not here: it means a
 * bug in migbackup, and a run that is known to end with it would be mended. That every error is mapped to one of them: test/cli/exit-code.test.ts.
 */

interface Case {
  readonly when: string;
  readonly exit: number;
  readonly args: readonly string[];
  /** The schema of the document under --json. */
  readonly schema: string;
  /** A code of an error, or a word of a report. */
  readonly says: string;
  /** Brings the project into the state. What it returns is called at the end. */
  readonly prepare?: (root: string) => unknown;
  /** How the command line is run, where it is not simply run to its end. */
  readonly run?: (root: string, args: readonly string[]) => Promise<CliResult>;
}

const FAIL = [process.execPath, '-e', 'process.exit(9)'];
const LOSE = [
  process.execPath,
  '-e',
  'fs.rmSync("backups", { recursive: true }); fs.rmSync("README.md"); process.exit(9)',
];

const change = (root: string): void => fs.appendFileSync(path.join(root, 'README.md'), 'changed');
/** A name that the format cannot hold. */
const unstorable = (root: string): void => fs.writeFileSync(path.join(root, 'docs', 'a\\b'), '');

async function holdDatabase(root: string): Promise<() => Promise<void>> {
  const database = new ClassicLevel(path.join(root, 'leveldb'));
  await database.put('held', 'now');
  return () => database.close();
}

function holdRepository(root: string): () => void {
  const lock = acquireLock(path.join(root, 'backups'), 'test');
  return () => lock.release();
}

function damage(root: string): void {
  const repository = path.join(root, 'backups');
  const id = fs.readdirSync(repository).find((name) => name.startsWith('migration-')) ?? '';
  flipBit(path.join(repository, id, 'docs.tar.zst'), 40);
}

/** Sends SIGINT once the log says that files are being stored; what is to be stored takes a while. */
async function interrupt(root: string, args: readonly string[]): Promise<CliResult> {
  const log = path.join(path.dirname(root), 'log');
  const [program, ...leading] = cliCommand();
  const all = [...leading, ...args, '--log-level', 'debug', '--log-file', log];
  const child = spawn(program, all, { cwd: root, env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()));
  while (child.exitCode === null && !(fs.existsSync(log) && fs.readFileSync(log, 'utf8').includes('"storing"')))
    await sleep(5);
  child.kill('SIGINT');
  const [exitCode, signal] = await once(child, 'close');
  const left = fs.readdirSync(path.join(root, 'backups')).filter((name) => /^(\.partial|migration)-/.test(name));
  expect(left).toHaveLength(1);
  return { exitCode, signal, stdout: out.join(''), stderr: err.join('') };
}

const CASES: readonly Case[] = [
  { when: 'done', exit: 0, args: ['list'], schema: 'list', says: 'migration-' },
  { when: 'nothing to change', exit: 0, args: ['restore'], schema: 'restore', says: 'migration-' },
  { when: 'a wrong flag', exit: 2, args: ['list', '--nope'], schema: 'error', says: 'USAGE' },
  {
    when: 'an invalid config',
    exit: 2,
    args: ['validate'],
    schema: 'error',
    says: 'CONFIG_INVALID',
    prepare: (root) => fs.writeFileSync(path.join(root, 'migbackup.config.json'), '{"level": "high"}'),
  },
  {
    when: 'an unknown category',
    exit: 2,
    args: ['create', '--only', 'nope'],
    schema: 'error',
    says: 'UNKNOWN_CATEGORY',
  },
  {
    when: 'something was left out',
    exit: 3,
    args: ['create', '--allow-partial'],
    schema: 'create',
    says: 'partial',
    prepare: unstorable,
  },
  { when: 'a damaged backup', exit: 4, args: ['verify'], schema: 'verify', says: 'FAILED', prepare: damage },
  {
    when: 'a restore from one',
    exit: 4,
    args: ['restore', '--only', 'docs', '--yes'],
    schema: 'error',
    says: 'BACKUP_DAMAGED',
    prepare: damage,
  },
  {
    when: 'a project that cannot be backed up',
    exit: 4,
    args: ['validate'],
    schema: 'validate',
    says: 'CRITICAL',
    prepare: unstorable,
  },
  {
    when: 'a warning that counts',
    exit: 4,
    args: ['validate', '--fail-on', 'warning'],
    schema: 'validate',
    says: 'WARNING',
    prepare: (root) => fs.writeFileSync(path.join(root, 'deployments/half.json'), '{'),
  },
  {
    when: 'a difference that counts',
    exit: 4,
    args: ['diff', '--live', '--exit-code'],
    schema: 'diff',
    says: 'README.md',
    prepare: change,
  },
  {
    when: 'what cannot be stored',
    exit: 5,
    args: ['create'],
    schema: 'error',
    says: 'SOURCE_NAME',
    prepare: unstorable,
  },
  { when: 'no yes', exit: 6, args: ['restore'], schema: 'error', says: 'CONFIRMATION_REQUIRED', prepare: change },
  { when: 'the way back is gone', exit: 7, args: ['guard', '--', ...LOSE], schema: 'error', says: 'WAY_BACK_FAILED' },
  { when: 'no such backup', exit: 10, args: ['show', 'nosuch'], schema: 'error', says: 'NO_SUCH_BACKUP' },
  { when: 'nothing to undo', exit: 10, args: ['undo'], schema: 'error', says: 'NOTHING_TO_UNDO' },
  { when: 'another migbackup', exit: 11, args: ['create'], schema: 'error', says: 'LOCKED', prepare: holdRepository },
  {
    when: 'a database in use',
    exit: 11,
    args: ['restore', '--only', 'leveldb', '--yes'],
    schema: 'error',
    says: 'DATABASE_HELD',
    prepare: holdDatabase,
  },
  { when: 'a guarded command failed', exit: 20, args: ['guard', '--', ...FAIL], schema: 'guard', says: 'rolled' },
  {
    when: 'its result was kept',
    exit: 21,
    args: ['guard', '--on-failure', 'keep', '--', ...FAIL],
    schema: 'guard',
    says: 'kept',
  },
  {
    when: 'Ctrl-C',
    exit: 130,
    args: ['create'],
    schema: 'error',
    says: 'INTERRUPTED',
    prepare: (root) => fs.truncateSync(path.join(root, 'docs/how we deploy.md'), 1 << 30),
    run: interrupt,
  },
];

let temp: TempFolder;
let made: string;
beforeAll(async () => {
  temp = tempFolder();
  made = path.join(temp.path, 'made');
  await makeSampleProject(made);
  const { exitCode } = await runCli(['create'], { cwd: made });
  expect(exitCode).toBe(0);
});
afterAll(() => temp[Symbol.dispose]());

test('every code of the table has a case', () => {
  const reached = new Set<number>(CASES.map(({ exit }) => exit));
  expect(Object.values(EXIT).filter((exit) => exit !== EXIT.bug && !reached.has(exit))).toEqual([]);
});

describe.each(CASES.map((one) => [`${one.exit}: ${one.when} (${one.args.slice(0, 3).join(' ')})`, one] as const))(
  '%s',
  (_, one) => {
    const { exit, args, schema, says, prepare, run = (root, all) => runCli(all, { cwd: root }) } = one;
    test.each([[[]], [['--json']]])('%s', async (flags: string[]) => {
      const root = path.join(temp.path, `${exit}-${flags.length}-${CASES.indexOf(one)}`, 'project');
      fs.mkdirSync(path.dirname(root));
      execFileSync('cp', ['-a', made, root]);
      const close = await prepare?.(root);
      try {
        const [command = '', ...rest] = args;
        const result = await run(root, [command, ...flags, ...rest]);
        expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: exit, signal: null });
        expect(result.stderr).not.toMatch(/^\s+at .+:\d+/m);
        if (flags.length === 0) {
          expect(result.stdout + result.stderr).toContain(says);
          if (schema === 'error')
            expect(result).toMatchObject({ stdout: '', stderr: expect.stringContaining('\nhint   ') });
          return;
        }
        const document: unknown = JSON.parse(result.stdout);
        expect(schemaViolations(schema, document)).toEqual([]);
        expect(JSON.stringify(document)).toContain(says);
      } finally {
        if (typeof close === 'function') await close();
      }
    });
  },
);
