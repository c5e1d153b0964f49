import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { resolveProject } from '../../../src/core/config/project.ts';
import type { Project } from '../../../src/core/model/category.ts';
import { validateReportSchema, type CheckId, type CheckResult } from '../../../src/core/model/validate-report.ts';
import { create } from '../../../src/core/operations/create.ts';
import { init } from '../../../src/core/operations/init.ts';
import { validate } from '../../../src/core/operations/validate.ts';
import { put } from '../../support/files.ts';
import { git, pushAll } from '../../support/git.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import { giveToUser, runAsUser } from '../../support/other-user.ts';
import { context } from '../../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

export interface Case {
  /** What is wrong, in a few words. */
  readonly when: string;
  readonly status: 'info' | 'warning' | 'critical';
  /** A part of what the check says. */
  readonly says: string | RegExp;
  /** What it advises, if that is not the same in all cases of the check. */
  readonly advises?: string;
  /** Brings it about and validates, or asks the check itself. */
  readonly provoke: (scene: Scene) => readonly CheckResult[] | Promise<readonly CheckResult[]>;
  /** Critical means that create would fail: with this. */
  readonly createFails?: string;
  /** Why it cannot be had on this machine. */
  readonly whyNot?: string | null;
}

export type Cases<Id extends CheckId> = Readonly<Record<Id, readonly Case[]>>;

const CREATE = { verify: true, allowPartial: false } as const;

/** Makes, once, a project that is set up, pushed, has state of common kinds in it, and a backup of it that verified; the repository is outside. */
export async function makeScene(): Promise<Scene> {
  const temp = tempFolder();
  // As root some checks run as somebody else, who must get here.
  fs.chmodSync(temp.path, 0o755);
  const scene = new Scene(temp, path.join(temp.path, 'made'));
  put(scene.root, 'package.json', '{"name": "sample"}\n');
  put(scene.root, 'deployments/mainnet.json', '{}');
  put(scene.root, 'docs/how.md', 'so');
  writeDatabase(scene.inside('leveldb'), [[Buffer.from('key'), Buffer.from('value')]]);
  git(scene.root, 'init');
  await init(scene.root, { env: {} }, context);
  pushAll(scene.root, path.join(temp.path, 'remote.git'));
  await scene.create();
  return scene;
}

/** A project and its repository, to be damaged. */
export class Scene implements AsyncDisposable {
  readonly root: string;
  repository: string;
  readonly #temp: TempFolder;
  readonly #folder: string;
  readonly #closing: (() => unknown)[] = [];
  static #copies = 0;

  constructor(temp: TempFolder, folder: string) {
    this.#temp = temp;
    this.#folder = folder;
    this.root = path.join(folder, 'project');
    this.repository = path.join(folder, 'backups');
  }

  copy(): Scene {
    const folder = path.join(this.#temp.path, `copy-${Scene.#copies++}`);
    execFileSync('cp', ['-a', this.#folder, folder]);
    return new Scene(this.#temp, folder);
  }

  inside(...parts: string[]): string {
    return path.join(this.root, ...parts);
  }

  stored(...parts: string[]): string {
    return path.join(this.repository, ...parts);
  }

  get project(): Project {
    return resolveProject({ cwd: this.root, backups: this.repository, env: {} });
  }

  get backupId(): string {
    return fs.readdirSync(this.repository).findLast((name) => name.startsWith('migration-')) ?? '';
  }

  create(options: { verify?: boolean } = {}): Promise<unknown> {
    return create(this.project, { ...CREATE, ...options }, context);
  }

  put(file: string, content: string): void {
    put(this.root, file, content);
  }

  edit(file: string, change: (text: string) => string): void {
    fs.writeFileSync(this.inside(file), change(fs.readFileSync(this.inside(file), 'utf8')));
  }

  /** Adds a category `more` with one source, and what else is given. */
  configure(source: Record<string, unknown> | null, more: Record<string, unknown> = {}): void {
    this.edit('migbackup.config.json', (text) => {
      const config: object = JSON.parse(text);
      const categories = source === null ? {} : { categories: { more: { sources: { one: source } } } };
      return JSON.stringify({ ...config, ...categories, ...more });
    });
  }

  /** Something to undo when the test is over. */
  onEnd(close: () => unknown): void {
    this.#closing.push(close);
  }

  async validate(): Promise<readonly CheckResult[]> {
    const report = await validate(this.project, {}, context);
    expect(validateReportSchema.parse(report)).toEqual(report);
    return report.checks;
  }

  /** Validates as somebody who may not do everything; `prepare` comes after all of it was given to that user. */
  validateAsUser(prepare: () => void = () => {}): readonly CheckResult[] {
    giveToUser(this.#folder);
    prepare();
    const { stdout } = runAsUser(this.root, ['validate', '--json', '--backups', this.repository]);
    return validateReportSchema.parse(JSON.parse(stdout)).checks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closing.splice(0).toReversed()) await close();
  }

  /** Removes everything, also what other scenes were copied from. */
  removeAll(): void {
    this.#temp[Symbol.dispose]();
  }
}

/** Does something to the project, then validates. */
export function after(damage: (scene: Scene) => unknown): Case['provoke'] {
  return async (scene) => {
    await damage(scene);
    return scene.validate();
  };
}
