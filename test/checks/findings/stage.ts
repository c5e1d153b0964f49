import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { resolveProject } from '../../../src/core/config/project.ts';
import type { Project } from '../../../src/core/model/category.ts';
import type { AnyFinding } from '../../../src/core/model/finding.ts';
import type { FindingCode } from '../../../src/core/model/finding-codes.ts';
import { create, type CreateOptions } from '../../../src/core/operations/create.ts';
import { init } from '../../../src/core/operations/init.ts';
import { restore, type RestoreOptions } from '../../../src/core/operations/restore.ts';
import { verify, type VerifyOptions } from '../../../src/core/operations/verify.ts';
import type { SelectedBackup } from '../../../src/core/repository/selected.ts';
import { put } from '../../support/files.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import { context } from '../../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

/** Brings one kind of finding about and answers with all that the operation found. */
export type Provoke = (stage: Stage) => Promise<readonly AnyFinding[]>;
/** By code; where a code has several severities, each needs something that brings it about. */
export type Cases = Readonly<Partial<Record<FindingCode, Provoke | readonly Provoke[]>>>;

/** Makes, once, a project that is set up and two good backups of it: one compressed, one whose archives are plain tar. */
export async function makeStage(): Promise<Stage> {
  const temp = tempFolder();
  const stage = new Stage(temp, path.join(temp.path, 'made'), '', '');
  stage.put('package.json', '{"name": "sample"}\n');
  stage.put('deployments/mainnet.json', '{}');
  stage.put('docs/a.md', 'first of the docs');
  stage.put('docs/b.md', 'second of the docs');
  writeDatabase(stage.inside('leveldb'), [[Buffer.from('key'), Buffer.from('value')]]);
  await init(stage.root, { env: {}, install: true }, context);
  const { backupId: zstd } = await stage.create({ compression: 'zstd' });
  const { backupId: plain } = await stage.create({ compression: 'none' });
  return new Stage(temp, path.join(temp.path, 'made'), zstd, plain);
}

/** A project and its repository, to be damaged. */
export class Stage {
  readonly root: string;
  readonly repository: string;
  readonly zstd: string;
  readonly plain: string;
  readonly #temp: TempFolder;
  readonly #folder: string;
  static #copies = 0;

  constructor(temp: TempFolder, folder: string, zstd: string, plain: string) {
    this.#temp = temp;
    this.#folder = folder;
    this.root = path.join(folder, 'project');
    this.repository = path.join(folder, 'backups');
    this.zstd = zstd;
    this.plain = plain;
  }

  copy(): Stage {
    const folder = path.join(this.#temp.path, `copy-${Stage.#copies++}`);
    execFileSync('cp', ['-a', this.#folder, folder]);
    return new Stage(this.#temp, folder, this.zstd, this.plain);
  }

  removeAll(): void {
    this.#temp[Symbol.dispose]();
  }

  get project(): Project {
    return resolveProject({ cwd: this.root, backups: this.repository, env: {} });
  }

  inside(...parts: string[]): string {
    return path.join(this.root, ...parts);
  }

  put(file: string, content: string): void {
    put(this.root, file, content);
  }

  /** A file of the plain backup. */
  stored(...parts: string[]): string {
    return path.join(this.repository, this.plain, ...parts);
  }

  selected(id = this.plain): SelectedBackup {
    return { id, folder: path.join(this.repository, id), dispose() {} };
  }

  create(options: Partial<CreateOptions> = {}) {
    return create(this.project, { verify: true, allowPartial: false, ...options }, context);
  }

  /** What a full verification finds. */
  async verify(
    id = this.plain,
    options: Pick<VerifyOptions, 'rehearse' | 'signers'> = {},
  ): Promise<readonly AnyFinding[]> {
    return (await verify(this.selected(id), { mode: 'full', repository: this.repository, ...options }, context))
      .findings;
  }

  restore(options: Partial<RestoreOptions> = {}) {
    const confirm = () => Promise.resolve(true);
    const how = { only: [], allowUnsafeLinks: false, exact: false, dryRun: false, safetyBackup: true, confirm };
    return restore(this.project, this.selected(), { ...how, ...options }, context);
  }

  /** Changes the bytes of a file of the plain backup. */
  rewrite(file: string, change: (bytes: Buffer) => Buffer): void {
    fs.writeFileSync(this.stored(file), change(fs.readFileSync(this.stored(file))));
  }
}
