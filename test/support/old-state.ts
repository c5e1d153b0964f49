import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { resolveProject } from '../../src/core/config/project.ts';
import type { ReconcileReport } from '../../src/core/model/reconcile-report.ts';
import { create } from '../../src/core/operations/create.ts';
import { reconcile, type ReconcileOptions } from '../../src/core/operations/reconcile.ts';
import { put } from './files.ts';
import { writeDatabase } from './leveldb/write-database.ts';
import { context } from './real-backup.ts';
import { tempFolder } from './temp-folder.ts';

/** Key -> value: bytes as they are, anything else as JSON. */
export type Records = Readonly<Record<string, unknown>>;

export function putLevel(folder: string, records: Records): void {
  rmSync(folder, { recursive: true, force: true });
  const entries = Object.entries(records).map(([key, value]): [Buffer, Buffer] => [
    Buffer.from(key),
    value instanceof Buffer ? value : Buffer.from(JSON.stringify(value)),
  ]);
  writeDatabase(
    folder,
    entries.toSorted(([a], [b]) => Buffer.compare(a, b)),
  );
}

/** A project with a LevelDB of these records, of which there is a backup. */
export class OldState implements Disposable {
  readonly root: string;
  readonly #temp = tempFolder();

  private constructor() {
    this.root = path.join(this.#temp.path, 'project');
  }

  static async of(records: Records, more: Readonly<Record<string, string>> = {}): Promise<OldState> {
    const state = new OldState();
    put(state.root, 'package.json', '{"name": "old"}\n');
    putLevel(state.inside('leveldb'), records);
    for (const [file, text] of Object.entries(more)) put(state.root, file, text);
    await state.backUp();
    return state;
  }

  /** Takes a backup of what is there now. */
  async backUp(): Promise<string> {
    const project = resolveProject({ cwd: this.root, env: {} });
    return (await create(project, { verify: false, allowPartial: false }, context)).backupId;
  }

  inside(file: string): string {
    return path.join(this.root, file);
  }

  put(file: string, value: unknown): void {
    put(this.root, file, typeof value === 'string' ? value : JSON.stringify(value));
  }

  putLines(file: string, values: readonly unknown[]): void {
    put(this.root, file, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  }

  putLevel(folder: string, records: Records): void {
    putLevel(this.inside(folder), records);
  }

  /** Rules for the database, in a config file. */
  putRules(rules: unknown): void {
    writeFileSync(
      this.inside('migbackup.config.json'),
      JSON.stringify({ preset: 'default', reconcile: { 'leveldb/current': rules } }),
    );
  }

  async reconcile(options: Partial<ReconcileOptions> = {}): Promise<ReconcileReport> {
    const report = await this.run({ name: 'leveldb', ...options });
    if (report.operation !== 'reconcile') throw new Error('all databases were accounted for');
    return report;
  }

  run(options: Partial<ReconcileOptions>): ReturnType<typeof reconcile> {
    const project = resolveProject({ cwd: this.root, env: {} });
    const usual = { name: undefined, latest: false, env: {}, in: [], strict: false, writeRules: false, cwd: this.root };
    return reconcile(project, { ...usual, ...options }, context);
  }

  [Symbol.dispose](): void {
    this.#temp[Symbol.dispose]();
  }
}

/** Key -> status, of those that are not found. */
export function notFound({ records }: Pick<ReconcileReport, 'records'>): Record<string, string> {
  return Object.fromEntries(records.flatMap(({ key, status }) => (status === 'found' ? [] : [[key, status]])));
}
