import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { expect } from 'vitest';
import { renderDiff } from '../../../src/cli/render/diff.ts';
import { renderExport } from '../../../src/cli/render/export.ts';
import { renderFindings } from '../../../src/cli/render/findings.ts';
import { renderList } from '../../../src/cli/render/list.ts';
import { renderReport } from '../../../src/cli/render/report.ts';
import { renderRestore } from '../../../src/cli/render/restore.ts';
import { renderShow } from '../../../src/cli/render/show.ts';
import { paint } from '../../../src/cli/render/style.ts';
import { renderVerify } from '../../../src/cli/render/verify.ts';
import { resolveProject } from '../../../src/core/config/project.ts';
import { escapeJson, escapeName } from '../../../src/core/paths/names.ts';
import type { Project } from '../../../src/core/model/category.ts';
import type { Finding } from '../../../src/core/model/finding.ts';
import type { VerifyReport } from '../../../src/core/model/verify-report.ts';
import { diffLive } from '../../../src/core/operations/diff.ts';
import { exportBackup } from '../../../src/core/operations/export.ts';
import { list } from '../../../src/core/operations/list.ts';
import { report } from '../../../src/core/operations/report.ts';
import { restore, restoreTo } from '../../../src/core/operations/restore.ts';
import { select } from '../../../src/core/import-v1/open-backup.ts';
import type { SelectedBackup } from '../../../src/core/repository/selected.ts';
import { show } from '../../../src/core/operations/show.ts';
import { verify } from '../../../src/core/operations/verify.ts';
import { inspectVersion1 } from '../../../src/core/import-v1/inspect.ts';
import { manifestContradictions } from '../../../src/core/import-v1/manifest-contradicts.ts';
import { compareTrees, readTree, type Tree } from '../../support/compare-trees.ts';
import { put } from '../../support/files.ts';
import { context } from '../../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { makeVersion1Backup, VERSION1_ID, VERSION1_PLACES } from '../../support/version1-backup.ts';
import { RAW_CONTROL } from './raw-control.ts';
import { refusal } from './refusal.ts';

/** What the commands made of a backup. */
export interface Judged {
  /** Null where it was not even opened. */
  readonly verified: VerifyReport | null;
  /** Codes of what verify found. */
  readonly codes: readonly string[];
  /** The code of the error, or null where it was restored into a new folder. */
  readonly notCopied: string | null;
  /** The same in place. */
  readonly notRestored: string | null;
}

/** A project with a version 1 backup to be spoilt, files around it that nobody may touch, and a good backup that must still come back. */
export class Version1Ground implements Disposable {
  readonly root: string;
  /** Nobody may write here. */
  readonly outside: string;
  readonly copy: string;
  readonly project: Project;
  /** The backup to be spoilt. */
  readonly folder: string;
  readonly #temp: TempFolder;
  readonly #good: string;

  private constructor(temp: TempFolder) {
    this.#temp = temp;
    this.root = path.join(temp.path, 'project');
    this.outside = path.join(temp.path, 'outside');
    this.copy = path.join(temp.path, 'copy');
    put(this.root, 'src/untouched.ts', 'as it was');
    put(this.outside, 'precious', 'canary');
    const database = path.join(temp.path, 'database');
    this.#good = makeVersion1Backup(path.join(temp.path, 'good'), database);
    this.project = resolveProject({ cwd: this.root, root: this.root, env: {} });
    this.folder = path.join(this.project.repository, VERSION1_ID);
    cpSync(this.#good, this.folder, { recursive: true, preserveTimestamps: true });
  }

  static async make(): Promise<Version1Ground> {
    const temp = tempFolder();
    const database = new ClassicLevel(path.join(temp.path, 'database'));
    await database.put('key', 'value');
    await database.close();
    return new Version1Ground(temp);
  }

  [Symbol.dispose](): void {
    this.#temp[Symbol.dispose]();
  }

  inside(file: string): string {
    return path.join(this.folder, file);
  }

  /** What list says, and what reading it against its sums and its manifest finds: cheap, and the same that every command goes by. */
  async look(): Promise<{ readonly status: string | undefined; readonly findings: readonly Finding[] }> {
    const before = this.#everywhere();
    const { backups } = await list(this.project, {}, context);
    const { findings, copies } = inspectVersion1(this.folder);
    this.#expectUntouched(before, [...renderFindings(findings, plain), escapeJson(JSON.stringify([backups, copies]))]);
    return { status: backups[0]?.status, findings: [...findings, ...manifestContradictions(this.folder, new Map())] };
  }

  /**
   * list, show, verify, diff, report, export, restore into a new folder and in place: nothing but errors of ours, nothing written elsewhere,
   * nothing raw printed, both restores as verify says; and the good backup comes back exactly all the while.
   * @param extra paths that may come back beside those of the good backup
   * @param selector what is typed; the id unless given
   */
  async judge({ extra = [], selector }: { extra?: readonly string[]; selector?: string } = {}): Promise<Judged> {
    const before = this.#everywhere();
    const printed: string[] = [];
    const say = (lines: readonly string[], document: unknown): void => {
      printed.push(...lines, escapeJson(JSON.stringify(document)));
    };
    const listed = await list(this.project, {}, context);
    say(renderList(listed, plain), listed);
    await this.#expectGood();

    let selected: SelectedBackup | undefined;
    const notOpened = await codeOf(
      select(this.project, selector ?? path.basename(this.folder), this.root, context).then((found) => {
        selected = found;
      }),
      printed,
    );
    if (selected === undefined) {
      this.#expectUntouched(before, printed);
      return { verified: null, codes: [], notCopied: notOpened, notRestored: notOpened };
    }
    try {
      return await this.#judgeOpened(selected, before, printed, extra, say);
    } finally {
      selected.dispose();
    }
  }

  async #judgeOpened(
    selected: SelectedBackup,
    before: Tree,
    printed: string[],
    extra: readonly string[],
    say: (lines: readonly string[], document: unknown) => void,
  ): Promise<Judged> {
    const verified = await verify(selected, { mode: 'full', repository: this.project.repository }, context);
    say(renderVerify(verified, plain), verified);
    await codeOf(
      show(selected, { files: true }, context).then((one) => say(renderShow(one, plain), one)),
      printed,
    );
    await codeOf(
      diffLive(this.project, selected, context).then((one) => say(renderDiff(one, plain), one)),
      printed,
    );
    const summary = report(selected, this.project, context);
    await codeOf(
      summary.then((one) => say(renderReport(one), one)),
      printed,
    );
    const output = `${this.copy}.tar`;
    await codeOf(
      exportBackup(selected, { format: 'tar', output }, context).then((one) => say(renderExport(one, plain), one)),
      printed,
    );
    rmSync(output, { force: true });
    this.#expectUntouched(before, printed);

    const wish = { only: [], allowUnsafeLinks: false };
    const notCopied = await codeOf(restoreTo(selected, { ...wish, to: this.copy }, context), printed);
    expect(existsSync(this.copy)).toBe(notCopied === null);
    if (notCopied === null) this.#expectOnly(this.copy, extra);
    rmSync(this.copy, { recursive: true, force: true });
    this.#expectUntouched(before, printed);
    const inPlace = { ...wish, exact: false, dryRun: false, safetyBackup: false, confirm: () => Promise.resolve(true) };
    const notRestored = await codeOf(
      restore(this.project, selected, inPlace, context).then((one) => say(renderRestore(one, plain), one)),
      printed,
    );
    if (notRestored === null) this.#expectOnly(this.root, ['src/untouched.ts', ...extra]);
    else this.#expectUntouched(before, printed);
    expect(compareTrees(outsideOf(before), outsideOf(this.#everywhere()))).toEqual([]);
    expect(printed.join('\n')).not.toMatch(RAW_CONTROL);
    if (verified.status === 'FAILED') expect([notCopied, notRestored]).toEqual(['BACKUP_DAMAGED', 'BACKUP_DAMAGED']);
    return { verified, codes: verified.findings.map(({ code }) => code), notCopied, notRestored };
  }

  async #expectGood(): Promise<void> {
    const good = await select(this.project, this.#good, this.root, context);
    const to = `${this.copy}-good`;
    try {
      await restoreTo(good, { only: [], allowUnsafeLinks: false, to }, context);
      for (const [file, place] of Object.entries(VERSION1_PLACES))
        expect(readFileSync(path.join(to, place))).toEqual(readFileSync(path.join(this.#good, file)));
    } finally {
      good.dispose();
      rmSync(to, { recursive: true, force: true });
    }
  }

  #everywhere(): Tree {
    return readTree(this.#temp.path, ['project/.migbackup', 'project/backups/reports', 'project/backups/lock.db']);
  }

  #expectUntouched(before: Tree, printed: readonly string[]): void {
    expect(compareTrees(before, this.#everywhere())).toEqual([]);
    expect(printed.join('\n')).not.toMatch(RAW_CONTROL);
    expect('polluted' in {}).toBe(false);
  }

  /** Nothing stands there but what the good backup would bring back, and what the spoilt one may add. */
  #expectOnly(folder: string, extra: readonly string[]): void {
    const known = new Set([...Object.values(VERSION1_PLACES), ...extra]);
    const tree = readTree(folder, ['backups', '.migbackup']);
    const files = [...tree].filter(([name, { type }]) => type !== 'dir' && !name.startsWith('leveldb/'));
    expect(files.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
    for (const name of extra) expect(tree.has(name), name).toBe(true);
  }
}

const plain = paint(process.stdout);

const outsideOf = (tree: Tree): Tree =>
  new Map([...tree].filter(([name]) => /^(outside|good|project\/backups)/.test(name)));

/** The code of what was thrown, null if nothing was; its words are printed. */
async function codeOf(work: Promise<unknown>, printed: string[]): Promise<string | null> {
  const error = await refusal(work);
  if (error !== null) printed.push(escapeName(error.message), escapeName(error.hint));
  return error?.code ?? null;
}
