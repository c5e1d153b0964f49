import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { shellLine } from '../../src/core/model/shell-quote.ts';
import { exportBackup } from '../../src/core/operations/export.ts';
import { OPEN_TEXT } from '../../src/core/repository/open-by-hand.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { hasTerminal } from '../support/terminal.ts';

/** What OPEN.md and RESTORE_PROCEDURES.md ask for, and nothing else is found on the path. */
const TOOLS = ['age', 'sha256sum', 'mkdir', 'tar', 'zstd'];

const fetched = inject('age');
if (fetched !== null) process.env['PATH'] = `${fetched}:${process.env['PATH']}`;

function placeOf(tool: string): string | null {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

const missing = [...TOOLS, 'age-keygen', 'ssh-keygen'].filter((tool) => placeOf(tool) === null);
const why = missing.length === 0 ? null : `it needs ${missing.join(', ')}`;
const whyNotTyped = why ?? (hasTerminal ? null : 'it needs a terminal, which script of util-linux makes');

/** scrypt alone takes seconds on a busy machine. */
const LONG = { timeout: 120_000 };

let backup: RealBackup;
const temp = tempFolder();
const inside = (...names: string[]): string => path.join(temp.path, ...names);

beforeAll(async () => {
  backup = await makeRealBackup();
  mkdirSync(inside('bin'));
  for (const tool of TOOLS) symlinkSync(placeOf(tool) ?? '/nowhere', inside('bin', tool));
});
afterAll(() => {
  backup[Symbol.dispose]();
  temp[Symbol.dispose]();
});

/** The shell blocks of a page, as one script. */
function shellOf(page: string): string {
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block ?? '').join('\n');
}

/** Unpacks an export with tar or a zip program, as a person would; returns its one folder. */
async function unpacked(name: string, encryptTo: string[], passphrase?: string): Promise<string> {
  const output = inside(`${name}.tar`);
  const selected = { id: backup.id, folder: backup.folder, dispose() {} };
  const options = { format: 'tar', output, encryptTo, singleRecipient: true } as const;
  await exportBackup(selected, options, { ...context, keys: { passphrase } });
  mkdirSync(inside(name));
  execFileSync('tar', ['-xf', output, '-C', inside(name)]);
  return inside(name, backup.id);
}

interface ByHand {
  readonly folder: string;
  readonly environment: Record<string, string>;
  readonly script: string;
}

/** The blocks of OPEN.md, then those of the RESTORE_PROCEDURES.md that they brought to light, without the ones that run migbackup. */
function byHand(name: string, folder: string, identity: string): ByHand {
  const script = [
    shellOf(readFileSync(path.join(folder, 'OPEN.md'), 'utf8')),
    shellOf(
      readFileSync(path.join(backup.folder, 'RESTORE_PROCEDURES.md'), 'utf8').split('## Without migbackup')[1] ?? '',
    ),
    'echo all of it ran',
  ].join('\n');
  const environment = {
    PATH: inside('bin'),
    HOME: temp.path,
    IDENTITY: identity,
    OPENED: inside(`${name}-opened`),
    TARGET: inside(`${name}-restored`),
  };
  return { folder, environment, script };
}

/** By hand, times come back in whole seconds; everything else must be equal. */
function expectRestored(name: string): void {
  const filesOf = (folder: string): Record<string, string> => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const places = files.map((entry) => path.join(entry.parentPath, entry.name));
    return Object.fromEntries(places.map((place) => [path.relative(folder, place), readFileSync(place, 'hex')]));
  };
  expect(filesOf(inside(`${name}-opened`))).toEqual(filesOf(backup.folder));
  const before = readTree(backup.root, ['backups', '.migbackup']);
  const differences = compareTrees(before, readTree(inside(`${name}-restored`)));
  expect(differences.filter((line) => !line.includes(': time was'))).toEqual([]);
}

function run({ folder, environment, script }: ByHand): string {
  return execFileSync('/bin/sh', ['-c', script], { cwd: folder, env: environment, encoding: 'utf8' });
}

test.skipIf(why !== null)(
  withReason('with an identity, OPEN.md and age alone bring everything back', why),
  async () => {
    const identity = inside('identity');
    execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
    const recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
    const folder = await unpacked('x25519', [recipient]);
    expect(run(byHand('x25519', folder, identity))).toMatch(/all of it ran\n$/);
    expectRestored('x25519');
  },
);

test.skipIf(why !== null)(withReason('with an SSH key too', why), async () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', inside('ssh-key')]);
  const folder = await unpacked('ssh', [readFileSync(inside('ssh-key.pub'), 'utf8')]);
  expect(run(byHand('ssh', folder, inside('ssh-key')))).toMatch(/all of it ran\n$/);
  expectRestored('ssh');
});

test.skipIf(whyNotTyped !== null)(withReason('with a passphrase that is typed too', whyNotTyped), LONG, async () => {
  writeFileSync(inside('passphrase'), 'correct horse battery\n', { mode: 0o600 });
  const folder = await unpacked('typed', ['passphrase'], inside('passphrase'));
  const { environment, script } = byHand('typed', folder, '');
  writeFileSync(inside('typed.sh'), script);
  const line = shellLine(['/usr/bin/env', '-i', ...Object.entries(environment).map((pair) => pair.join('='))]);
  const child = spawn('script', ['-qefc', `${line} /bin/sh ${shellLine([inside('typed.sh')])}`, '/dev/null'], {
    cwd: folder,
  });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (!screen.includes('passphrase') && chunk.includes('passphrase')) child.stdin.write('correct horse battery\n');
    screen += chunk.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(screen).toMatch(/all of it ran\s*$/);
  expect(code).toBe(0);
  expectRestored('typed');
});

test.skipIf(why !== null)(
  withReason('the blocks of OPEN.md write no strange name, and stop where a file was cut', why),
  () => {
    const identity = inside('inner');
    execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
    const recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
    const seal = (content: string | Buffer): Buffer => execFileSync('age', ['-r', recipient], { input: content });
    const folder = inside('forged');
    mkdirSync(folder);
    const secret = /AGE-SECRET-KEY-\S+/.exec(readFileSync(identity, 'utf8'))?.[0] ?? '';
    writeFileSync(path.join(folder, 'KEYS.age'), seal(`${secret}\n`));
    const cases: [string, Buffer, string][] = [
      ['../evil', seal('evil'), 'refused: ../evil'],
      ['.evil', seal('evil'), 'refused: .evil'],
      ['docs.tar', seal(Buffer.alloc(200_000)).subarray(0, 130_000), 'age: error'],
      ['docs.tar', seal('another content'), 'docs.tar: FAILED'],
    ];
    for (const [at, [name, content, says]] of cases.entries()) {
      writeFileSync(path.join(folder, '0.age'), seal(`${'0'.repeat(64)}  ${name}\n`));
      writeFileSync(path.join(folder, '1.age'), content);
      const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', `${shellOf(OPEN_TEXT)}\necho all of it ran`], {
        cwd: folder,
        env: { PATH: inside('bin'), IDENTITY: identity, OPENED: inside(`forged-${at}`) },
        encoding: 'utf8',
      });
      expect(`${stdout}${stderr}`).toContain(says);
      expect(status).not.toBe(0);
      expect(readdirSync(temp.path)).not.toContain('evil');
    }
  },
);
