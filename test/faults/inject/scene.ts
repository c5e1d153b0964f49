import fs from 'node:fs';
import path from 'node:path';
import v8 from 'node:v8';
import type { Project } from '../../../src/core/model/category.ts';
import type { Context, Event } from '../../../src/core/model/event.ts';
import { readTree, type Tree } from '../../support/compare-trees.ts';
import { put } from '../../support/files.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import { context as plain } from '../../support/real-backup.ts';
import { makeSqliteWithWal, textsInCopy } from '../../support/sqlite/make-sqlite.ts';
import { keepBothNames, renewFingerprints } from './fingerprints.ts';
import type { Product } from './product.ts';

// Each run leaves large buffers behind: collected in one go they cost half the time.
v8.setFlagsFromString('--no-incremental-marking');

/** Memory where there is some that looks like a disk: a fault is injected above the file system, and an fsync costs nothing. */
const FAST = '/dev/shm';
const OURS = ['backups', '.migbackup'];
/** A SQLite database in WAL mode, with committed changes in its `-wal` before and after. */
const DATABASE = 'deployments/state.db';
const START = Date.parse('2026-01-02T03:04:05.000Z');
const DAY_MS = 86_400_000;

/** A project in a folder of its own, and whole states of it, repository included, to begin from again and again. */
export class Scene implements Disposable {
  readonly product: Product;
  readonly root: string;
  readonly project: Project;
  /** The clock stands still, so that the same state gives the same names and bytes. */
  readonly context: Context;
  readonly #folder: string;
  /** What the last run said on the way. */
  said: string[] = [];
  /** The tree before `destroy`, and after it. */
  whole: Tree = new Map();
  ruined: Tree = new Map();
  /** What the SQLite database said each time. */
  wholeDatabase = '';
  ruinedDatabase = '';
  #day = 0;

  constructor(product: Product) {
    this.product = product;
    const base = fs.existsSync(FAST) ? FAST : (process.env['TMPDIR'] ?? '/tmp');
    this.#folder = fs.mkdtempSync(path.join(base, 'migbackup-faults-'));
    this.root = path.join(this.#folder, 'project');
    const tool = plain.tool;
    const now = () => new Date(START + this.#day * DAY_MS);
    const onEvent = (event: Event): void => void (event.type === 'note' && this.said.push(event.message));
    this.context = { tool, now, onEvent };
    put(this.root, 'package.json', '{}');
    put(this.root, 'deployments/a.json', '{"a": 1}');
    put(this.root, 'deployments/sub/b.json', '{"b": 1}');
    fs.symlinkSync('a.json', path.join(this.root, 'deployments/link'));
    writeDatabase(path.join(this.root, 'leveldb'), [[Buffer.from('key'), Buffer.from('value')]]);
    makeSqliteWithWal(path.join(this.root, DATABASE), { rows: 8, text: 'old' });
    this.project = product.resolveProject({ cwd: this.root, env: {} });
  }

  /** What the SQLite database says. */
  database(): string {
    return textsInCopy(path.join(this.root, DATABASE), this.#folder);
  }

  /** What a migration that went wrong leaves. */
  destroy(): void {
    this.whole = this.tree();
    this.wholeDatabase = this.database();
    fs.rmSync(path.join(this.root, 'deployments/sub'), { recursive: true });
    fs.rmSync(path.join(this.root, 'leveldb/CURRENT'));
    put(this.root, 'leveldb/000999.ldb', 'half a table');
    put(this.root, 'deployments/a.json', 'half');
    put(this.root, 'deployments/new.json', '{}');
    makeSqliteWithWal(path.join(this.root, DATABASE), { rows: 9, text: 'new' });
    this.ruined = this.tree();
    this.ruinedDatabase = this.database();
  }

  /** A day later backups get other names. */
  nextDay(): void {
    this.#day++;
  }

  tree(): Tree {
    return readTree(this.root, OURS);
  }

  save(state: string): void {
    this.#copy(this.root, path.join(this.#folder, state));
  }

  reset(state: string): void {
    this.#copy(path.join(this.#folder, state), this.root);
    renewFingerprints(this.root);
    this.said = [];
  }

  /** Names in a folder of the project; none where there is no folder. */
  names(folder: string): string[] {
    const native = path.join(this.root, folder);
    return fs.existsSync(native) ? fs.readdirSync(native) : [];
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  #copy(from: string, to: string): void {
    fs.rmSync(to, { recursive: true, force: true });
    fs.cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    keepBothNames(from, to);
  }
}
