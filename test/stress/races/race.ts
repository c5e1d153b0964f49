import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { runCli, type CliResult } from '../../support/run-cli.ts';

const OPENER = path.join(import.meta.dirname, 'opener.ts');
/** Keys that the opener writes, and that were written after the backup. */
const MORE = 500;

export interface Race {
  /** From the moment that the journal is there to the first try to open the database. */
  readonly jitter: number;
  /** Between two tries. */
  readonly pause: number;
  readonly createIfMissing: boolean;
}

export interface Verdict {
  readonly exit: number | null;
  /** How often the database could not be opened: while a restore runs it must not be. */
  readonly refused: number;
  readonly acknowledged: number;
  readonly wrong: string[];
}

async function putKeys(dir: string, prefix: string, count: number): Promise<void> {
  const db = new ClassicLevel(dir);
  await db.open();
  for (let begin = 0; begin < count; begin += 500) {
    const batch = db.batch();
    for (let at = begin; at < Math.min(begin + 500, count); at++)
      batch.put(`${prefix}:${String(at).padStart(5, '0')}`, `value ${at}`);
    await batch.write();
  }
  await db.close();
}

/** A project of which a backup was taken, and whose database has 500 more keys since. */
export async function makeProject(root: string, keys: number): Promise<void> {
  fs.mkdirSync(root, { recursive: true });
  fs.writeFileSync(path.join(root, 'package.json'), '{}');
  await putKeys(path.join(root, 'leveldb'), 'key', keys);
  const created = await runCli(['create'], { cwd: root });
  if (created.exitCode !== 0) throw new Error(created.stderr);
  await putKeys(path.join(root, 'leveldb'), 'late', MORE);
}

/** Restores the project that was copied to `root` while another process opens its database, and says what became of each write. */
export async function race(root: string, keys: number, { jitter, pause, createIfMissing }: Race): Promise<Verdict> {
  const ackFile = path.join(path.dirname(root), 'acknowledged');
  fs.rmSync(ackFile, { force: true });
  const words = [root, ackFile, ...[jitter, pause, createIfMissing ? 1 : 0, MORE].map(String)];
  const opener = spawn(process.execPath, [OPENER, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
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
  wrong.push(...(await judge(root, keys, acknowledged, results)));
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

async function judge(root: string, keys: number, acknowledged: readonly string[], results: readonly CliResult[]) {
  const wrong: string[] = [];
  const inPlace = await keysOf(path.join(root, 'leveldb'));
  if (typeof inPlace === 'string') wrong.push(`the database in place: ${inPlace}`);
  const found = new Set(inPlace);
  const base = [...found].filter((key) => key.startsWith('key:')).length;
  const late = [...found].filter((key) => key.startsWith('late:')).length;
  if (base !== keys) wrong.push(`${base} of ${keys} keys are in place`);
  if (late !== 0 && late !== MORE) wrong.push(`${late} of ${MORE} later keys are in place`);
  const said = results.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  const others = [...foldersNamed(said), ...(await safetyBackups(root, said))];
  for (const folder of others) for (const key of (await keysOf(folder)) as Iterable<string>) found.add(key);
  const lost = acknowledged.filter((key) => !found.has(key)).length;
  if (lost > 0) wrong.push(`${lost} of ${acknowledged.length} acknowledged writes are nowhere that was named`);
  return wrong;
}

/** Every folder of `.migbackup` that a text names, and what is in it. */
function foldersNamed(said: string): string[] {
  const named = said.match(/\/[^\s,;:]*\.migbackup\/[^\s,;:]+/g) ?? [];
  const within = (folder: string): string[] => {
    const names = fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? fs.readdirSync(folder) : [];
    const below = names.flatMap((name) => within(path.join(folder, name)));
    return names.includes('CURRENT') ? [folder, ...below] : below;
  };
  return [...new Set(named.flatMap(within))];
}

async function safetyBackups(root: string, said: string): Promise<string[]> {
  const ids = new Set([...(said.match(/safety-[\dTZ-]+/g) ?? []), ...safetyIn(root)]);
  const folders: string[] = [];
  for (const id of ids) {
    const to = path.join(path.dirname(root), `of-${id}`);
    fs.rmSync(to, { recursive: true, force: true });
    const { exitCode } = await runCli(['restore', id, '--to', to], { cwd: root });
    if (exitCode === 0 && fs.existsSync(path.join(to, 'leveldb'))) folders.push(path.join(to, 'leveldb'));
  }
  return folders;
}

/** What `undo` goes by needs no name. */
function safetyIn(root: string): string[] {
  return fs.readdirSync(path.join(root, 'backups')).filter((name) => name.startsWith('safety-'));
}

/** The keys of a copy of a database, or why LevelDB does not open it. */
async function keysOf(folder: string): Promise<string[] | string> {
  const copy = fs.mkdtempSync(path.join(path.dirname(folder), 'copy-'));
  try {
    fs.cpSync(folder, copy, { recursive: true });
    const db = new ClassicLevel(copy, { createIfMissing: false });
    try {
      await db.open();
      return await db.keys().all();
    } finally {
      await db.close();
    }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  } finally {
    fs.rmSync(copy, { recursive: true });
  }
}
