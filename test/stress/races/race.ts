import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { runCli, type CliResult } from '../../support/run-cli.ts';

/** Keys that the opener writes, and that were written after the backup. */
const MORE = 500;

/** A kind of database that is raced for. */
export interface Raced {
  /** In the project. */
  readonly place: string;
  /** The program that opens it, a module beside this one. */
  readonly opener: string;
  /** Writes so many keys, `PREFIX:NUMBER`; the database is made if it is missing. */
  readonly put: (place: string, prefix: string, count: number) => Promise<void> | void;
  /** The keys of a copy of a database, or why it does not open or is not whole. */
  readonly keysOf: (place: string) => Promise<readonly string[] | string>;
  /** Every database at and below a path that is there. */
  readonly within: (native: string) => string[];
}

export interface Race {
  /** From the moment that the journal is there to the first try to open the database. */
  readonly jitter: number;
  /** Between two tries. */
  readonly pause: number;
  readonly createIfMissing: boolean;
  /** How long one connection waits for a lock before it is closed. */
  readonly patience?: number;
}

export interface Verdict {
  readonly exit: number | null;
  /** How often the database could not be opened: while a restore runs it must not be. */
  readonly refused: number;
  readonly acknowledged: number;
  readonly wrong: string[];
}

/** A project of which a backup was taken, and whose database has 500 more keys since. */
export async function makeProject(root: string, keys: number, raced: Raced): Promise<void> {
  fs.mkdirSync(root, { recursive: true });
  fs.writeFileSync(path.join(root, 'package.json'), '{}');
  const place = path.join(root, raced.place);
  await raced.put(place, 'key', keys);
  const created = await runCli(['create'], { cwd: root });
  if (created.exitCode !== 0) throw new Error(created.stderr);
  await raced.put(place, 'late', MORE);
}

/** Restores the project that was copied to `root` while another process opens its database, and says what became of each write. */
export async function race(
  root: string,
  keys: number,
  raced: Raced,
  { jitter, pause, createIfMissing, patience = 0 }: Race,
): Promise<Verdict> {
  const ackFile = path.join(path.dirname(root), 'acknowledged');
  fs.rmSync(ackFile, { force: true });
  const words = [root, ackFile, ...[jitter, pause, createIfMissing ? 1 : 0, MORE, patience].map(String)];
  const program = path.join(import.meta.dirname, raced.opener);
  const opener = spawn(process.execPath, ['--no-warnings', program, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  opener.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  await once(opener.stdout, 'data');
  const ended = once(opener, 'close');
  const results = [await runCli(['restore', '--latest', '--yes'], { cwd: root })];
  await ended;
  const exit = results[0]?.exitCode ?? null;
  const wrong: string[] = [];
  if (exit === 7) wrong.push(...(await pasteWayOn(root, results)));
  else if (exit !== 0) wrong.push(...requireNamed(results[0]));
  const acknowledged = fs.readFileSync(ackFile, 'utf8').split('\n').filter(Boolean);
  const { refused = 0 } = JSON.parse(told.split('\n')[1] ?? '{}');
  wrong.push(...(await judge(root, keys, raced, acknowledged, results)));
  const said = results.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  return {
    exit,
    refused,
    acknowledged: acknowledged.length,
    wrong: wrong.length === 0 ? [] : [...wrong, said],
  };
}

/** Runs the line that an exit 7 prints. */
async function pasteWayOn(root: string, results: CliResult[]): Promise<string[]> {
  const line = /migbackup (recover.*)/.exec(results[0]?.stderr ?? '')?.[1];
  if (line === undefined) return ['exit 7 prints no way on'];
  const pasted = await runCli(line.trim().split(' '), { cwd: root });
  results.push(pasted);
  return pasted.exitCode === 0 ? [] : [`what exit 7 prints ends with ${pasted.exitCode}`];
}

/** The exit codes 4 and 5 name the safety backup and the line that goes on. */
function requireNamed(result: CliResult | undefined): string[] {
  if (result === undefined || ![4, 5].includes(result.exitCode ?? 0)) return [];
  const { stderr } = result;
  return /safety-\d{4}/.test(stderr) && /migbackup restore/.test(stderr)
    ? []
    : [`exit ${result.exitCode} names no way`];
}

async function judge(
  root: string,
  keys: number,
  raced: Raced,
  acknowledged: readonly string[],
  results: readonly CliResult[],
): Promise<string[]> {
  const wrong: string[] = [];
  const inPlace = await raced.keysOf(path.join(root, raced.place));
  if (typeof inPlace === 'string') wrong.push(`the database in place: ${inPlace}`);
  const found = new Set(inPlace);
  const base = [...found].filter((key) => key.startsWith('key:')).length;
  const late = [...found].filter((key) => key.startsWith('late:')).length;
  if (base !== keys) wrong.push(`${base} of ${keys} keys are in place`);
  if (late !== 0 && late !== MORE) wrong.push(`${late} of ${MORE} later keys are in place`);
  const said = results.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  const others = [...databasesNamed(said, raced), ...(await safetyBackups(root, said, raced))];
  for (const place of others) for (const key of await raced.keysOf(place)) found.add(key);
  const lost = acknowledged.filter((key) => !found.has(key)).length;
  if (lost > 0) wrong.push(`${lost} of ${acknowledged.length} acknowledged writes are nowhere that was named`);
  return wrong;
}

/** Every database in what a text names of `.migbackup`. */
function databasesNamed(said: string, { within }: Raced): string[] {
  const named = said.match(/\/[^\s,;:]*\.migbackup\/[^\s,;:]+/g) ?? [];
  return [...new Set(named.filter((native) => fs.existsSync(native)).flatMap((native) => within(native)))];
}

async function safetyBackups(root: string, said: string, { place }: Raced): Promise<string[]> {
  const ids = new Set([...(said.match(/safety-[\dTZ-]+/g) ?? []), ...safetyIn(root)]);
  const folders: string[] = [];
  for (const id of ids) {
    const to = path.join(path.dirname(root), `of-${id}`);
    fs.rmSync(to, { recursive: true, force: true });
    const { exitCode } = await runCli(['restore', id, '--to', to], { cwd: root });
    if (exitCode === 0 && fs.existsSync(path.join(to, place))) folders.push(path.join(to, place));
  }
  return folders;
}

/** What `undo` goes by needs no name. */
function safetyIn(root: string): string[] {
  return fs.readdirSync(path.join(root, 'backups')).filter((name) => name.startsWith('safety-'));
}
