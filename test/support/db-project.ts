import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { expect } from 'vitest';
import { runCli, type CliResult } from './run-cli.ts';
import { makeSampleProject } from './sample-project.ts';
import { schemaViolations } from './schemas.ts';
import { makeSqliteWithWal } from './sqlite/make-sqlite.ts';

/** Keys that a line of text has to spell, and how it does. */
export const ODD_KEYS: readonly (readonly [key: Buffer, text: string])[] = [
  [Buffer.from([0, 255]), String.raw`\x00\xff`],
  [Buffer.from('a\nb'), String.raw`a\x0ab`],
  [Buffer.from('a\\b'), String.raw`a\\b`],
  [Buffer.from('ümläut'), 'ümläut'],
  [Buffer.from(' edge '), String.raw`\x20edge\x20`],
];

/** A database of its own: each of these keys with a value. */
export async function makeLevel(dir: string, entries: Iterable<readonly [Buffer, Buffer]>): Promise<void> {
  const database = new ClassicLevel<Buffer, Buffer>(dir, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await database.open();
  for (const [key, value] of entries) await database.put(key, value);
  await database.close();
}

/** The sample project with a SQLite database in WAL mode, and a database of odd keys beside the project. */
export async function makeDbProject(root: string, entries = 200): Promise<void> {
  await makeSampleProject(root, { entries });
  mkdirSync(path.join(root, 'data'));
  makeSqliteWithWal(path.join(root, 'data/app.db'), { rows: 30, text: 'old' });
  const categories = { app: { sources: { data: { path: 'data' } } } };
  writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify({ preset: 'default', categories }));
  await makeLevel(
    path.join(root, '../odd'),
    ODD_KEYS.map(([key], at) => [key, Buffer.from([at, 0, 10])]),
  );
}

/** `migbackup db …` in a folder. */
export class Db {
  readonly #cwd: string;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  text(...args: string[]): Promise<CliResult> {
    return runCli(['db', ...args], { cwd: this.#cwd });
  }

  /** The document of a command, which fits its schema. */
  async json(args: readonly string[], exitCode = 0): Promise<Record<string, unknown>> {
    const result = await runCli(['db', ...args, '--json'], { cwd: this.#cwd });
    expect(result, result.stdout).toMatchObject({ exitCode, stderr: '' });
    const document: Record<string, unknown> = JSON.parse(result.stdout);
    expect(schemaViolations('error' in document ? 'error' : `db-${args[0]}`, document)).toEqual([]);
    return document;
  }
}
