import fs from 'node:fs';
import path from 'node:path';
import { Pacer } from '../../../concurrency/pacer.ts';
import { removeTree, writeAll } from '../../../fs/durable.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import type { CapturedFile } from '../../captured-file.ts';
import { isGone, sameFile, spooledFile } from './captured-file.ts';
import { tableNames } from '../format/names.ts';
import type { Pins } from './pins.ts';
import type { TableMeta } from '../format/version-edit.ts';

const CHUNK = 1 << 20;

export interface Copy {
  readonly name: string;
  readonly file: string;
  /** The stat of the table or log when it was copied. */
  readonly stat: fs.BigIntStats;
}

/**
 * Copies of tables and logs for which there are too few descriptors, in a folder of ours. A table is complete before MANIFEST names it and never
 * changes after (db/builder.cc, BuildTable), nor does a log once there is a newer one (db/db_impl.cc, MakeRoomForWrite). So a copy is as good as a
 * descriptor.
 */
export class Spool {
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  readonly #copies = new Map<number, Copy>();

  /** @param folder is made when the first table is copied, and removed by `remove` */
  constructor(folder: string, signal: AbortSignal | undefined) {
    this.#folder = folder;
    this.#signal = signal;
  }

  has(table: TableMeta): boolean {
    const copy = this.#copies.get(table.number);
    return copy !== undefined && Number(copy.stat.size) === table.size;
  }

  /** The copy of a table as a file of the capture. */
  file(table: TableMeta, pins: Pins): CapturedFile | undefined {
    const copy = this.has(table) ? this.#copies.get(table.number) : undefined;
    return copy === undefined ? undefined : spooledFile(copy.name, copy.file, copy.stat, pins);
  }

  /** Forgets every copy whose name now leads to another file or to none: another database may have taken its place. */
  dropStale(dir: string): void {
    for (const [number, { name, stat }] of this.#copies) {
      const now = fs.statSync(path.join(dir, name), { bigint: true, throwIfNoEntry: false });
      if (now === undefined || !sameFile(now, stat)) this.#drop(number);
    }
  }

  /** Copies the tables that are still there, oldest first: those live longest. */
  async add(dir: string, tables: readonly TableMeta[]): Promise<void> {
    const pacer = new Pacer();
    for (const table of tables.toSorted((a, b) => a.number - b.number)) {
      throwIfInterrupted(this.#signal);
      for (const name of tableNames(table.number)) if (this.#copy(dir, name, table.number, table.size)) break;
      if (pacer.due()) await pacer.turn();
    }
  }

  /** Copies logs that were closed, by number and name. */
  async addLogs(dir: string, logs: readonly (readonly [number: number, name: string])[]): Promise<void> {
    const pacer = new Pacer();
    for (const [number, name] of logs) {
      throwIfInterrupted(this.#signal);
      if (!this.#copies.has(number)) this.#copy(dir, name, number);
      if (pacer.due()) await pacer.turn();
    }
  }

  /** The copy of a log, if it is a copy of the file that has this name now. */
  log(number: number, file: string): Copy | undefined {
    const copy = this.#copies.get(number);
    if (copy === undefined) return undefined;
    const now = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
    return now !== undefined && sameFile(now, copy.stat) ? copy : undefined;
  }

  remove(): void {
    this.#copies.clear();
    removeTree(this.#folder);
  }

  /** @param size the size that it must have, if that is known */
  #copy(dir: string, name: string, number: number, size?: number): boolean {
    let from: number;
    try {
      from = fs.openSync(path.join(dir, name), 'r');
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
    try {
      const stat = fs.fstatSync(from, { bigint: true });
      if (size !== undefined && Number(stat.size) !== size) return false;
      this.#drop(number);
      fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const file = path.join(this.#folder, name);
      writeCopy(from, file);
      if (!sameFile(fs.fstatSync(from, { bigint: true }), stat)) fs.rmSync(file);
      else this.#copies.set(number, { name, file, stat });
      return true;
    } finally {
      fs.closeSync(from);
    }
  }

  #drop(number: number): void {
    const copy = this.#copies.get(number);
    if (copy !== undefined) fs.rmSync(copy.file, { force: true });
    this.#copies.delete(number);
  }
}

function writeCopy(from: number, file: string): void {
  const to = fs.openSync(file, 'wx', 0o600);
  const chunk = Buffer.allocUnsafe(CHUNK);
  try {
    for (let read = fs.readSync(from, chunk); read > 0; read = fs.readSync(from, chunk)) {
      writeAll(to, chunk.subarray(0, read));
    }
  } finally {
    fs.closeSync(to);
  }
}
