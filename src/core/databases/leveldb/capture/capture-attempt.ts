import fs from 'node:fs';
import path from 'node:path';
import { BackupError, errnoOf } from '../../../model/backup-error.ts';
import { heldFile, type CapturedFile } from '../../captured-file.ts';
import { isGone, namedTable, pinnedTable } from './captured-file.ts';
import { damaged } from '../../damage.ts';
import { logName, manifestNamedBy, tableNames } from '../format/names.ts';
import { type HeldLog, pinLogs, scanCapturedLogs, spoolLogs } from './pin-logs.ts';
import type { Pins } from './pins.ts';
import { descriptorBytes, readFully } from '../../database-files.ts';
import { applyManifest } from '../format/read-manifest.ts';
import { neededLogs } from '../format/reader.ts';
import { OutOfDescriptors, Restart } from './restart.ts';
import type { AttemptOptions } from './attempt-options.ts';
import { Version, type CompleteVersion, type TableMeta } from '../format/version-edit.ts';

/** A consistent set of files, every one pinned. */
export interface Captured {
  readonly version: CompleteVersion;
  readonly lastSequence: number;
  readonly logs: number;
  readonly files: readonly CapturedFile[];
}

interface HeldTable {
  readonly name: string;
  readonly stat: fs.BigIntStats;
  /** Undefined if no descriptor was left for it. */
  readonly fd: number | undefined;
}

/** How often the attempt may find a table missing and read on in MANIFEST to learn why, before it gives up. */
const MANIFEST_ROUNDS = 100;

/** Rounds of copying tables while the writer makes others. */
const SPOOL_ROUNDS = 20;

/** One attempt at steps A to F of a capture. Descriptors belong to `pins`, also when it throws. */
export class CaptureAttempt {
  readonly #dir: string;
  readonly #pins: Pins;
  readonly #options: AttemptOptions;
  readonly #tables = new Map<number, HeldTable>();
  readonly #version = new Version();
  #logs: ReadonlyMap<number, HeldLog> = new Map();
  #current = '';
  #manifestName = '';
  #manifestFd = -1;
  #manifestEnd = 0;

  constructor(dir: string, pins: Pins, options: AttemptOptions) {
    this.#dir = dir;
    this.#pins = pins;
    this.#options = options;
  }

  /** @throws Restart, or BackupError DATABASE_FOREIGN, INTERRUPTED */
  async run(): Promise<Captured> {
    const { delay, sabotage } = this.#options;
    this.#pinManifest();
    delay('A');
    await this.#spool();
    if (sabotage.has('manifest-before-logs')) {
      this.#readManifest();
      delay('B');
    }
    this.#logs = pinLogs(
      this.#dir,
      this.#pins,
      this.#options,
      this.#needed(),
      () => new OutOfDescriptors(this.#evidence('more logs than descriptors'), this.#pins.size),
    );
    delay('B');
    if (!sabotage.has('manifest-before-logs')) this.#readManifest();
    delay('C');
    this.#pinTables();
    delay('D');
    const version = this.#checkIncarnation();
    return this.#assemble(version);
  }

  /** A. CURRENT, and a descriptor on its MANIFEST that is held to the end. */
  #pinManifest(): void {
    const file = path.join(this.#dir, 'CURRENT');
    try {
      this.#current = fs.readFileSync(file, 'latin1');
      const name = manifestNamedBy(this.#current);
      if (name === null) throw this.#restart('CURRENT is not whole', damaged('CURRENT', 'it does not name a MANIFEST'));
      this.#manifestName = name;
      this.#manifestFd = this.#pins.open(path.join(this.#dir, name));
    } catch (error) {
      if (!isGone(error)) throw error;
      const missing = this.#manifestName === '' ? 'CURRENT' : this.#manifestName;
      throw this.#restart(`${missing} is gone`, damaged(missing, 'it is missing'));
    }
  }

  /** Between A and B: copies logs and tables until there are enough descriptors for the rest and for files that appear meanwhile. */
  async #spool(): Promise<void> {
    const { spool, maxDescriptors } = this.#options;
    if (spool === undefined) return;
    spool.dropStale(this.#dir);
    this.#readManifest();
    // One more for MANIFEST.
    const forTables = maxDescriptors - 1 - (await spoolLogs(this.#dir, this.#options, this.#needed()));
    for (let round = 0; round < SPOOL_ROUNDS; round++) {
      this.#readManifest();
      const missing = [...this.#version.tables()].filter((table) => !spool.has(table));
      if (missing.length <= forTables) return;
      const keep = Math.floor(forTables / 2);
      const oldest = missing.toSorted((a, b) => a.number - b.number).slice(0, missing.length - keep);
      await spool.add(this.#dir, oldest);
    }
  }

  /** The function that it returns answers false for a log that MANIFEST, as far as it was read, will never need again. */
  #needed(): (log: number) => boolean {
    const version = this.#version.complete();
    return (log) => version === null || neededLogs(version, [log]).length > 0;
  }

  /** C. Reads MANIFEST from where the last read ended to its last whole record. Returns whether it moved. */
  #readManifest(): boolean {
    const before = this.#manifestEnd;
    const file = descriptorBytes(this.#manifestFd, fs.fstatSync(this.#manifestFd).size);
    try {
      this.#manifestEnd = applyManifest(file, this.#manifestName, this.#version, before).validEnd;
    } catch (error) {
      if (error instanceof BackupError && error.code === 'DATABASE_DAMAGED') {
        throw this.#restart('MANIFEST does not read', error);
      }
      throw error;
    }
    return this.#manifestEnd > before;
  }

  /** D. Opens every live table. If one is gone, LevelDB compacted it, and MANIFEST says so further on. */
  #pinTables(): void {
    const { delay, sabotage } = this.#options;
    for (let round = 0; round < MANIFEST_ROUNDS; round++) {
      const missing = this.#pinLiveTables();
      if (missing === null || sabotage.has('ignore-missing-table')) return;
      delay('D');
      if (!this.#readManifest()) {
        const [name] = tableNames(missing);
        throw this.#restart(`${name} is gone`, damaged(name, 'MANIFEST names this table and it is missing'));
      }
    }
    throw this.#restart('tables vanish faster than they can be opened');
  }

  /** Opens the tables that are not open yet. Returns the number of the first one that is gone, or null. */
  #pinLiveTables(): number | null {
    // Files are copied in the order of their names, so the tables whose turn comes last get the descriptors.
    const live = [...this.#version.tables()].sort((a, b) => b.number - a.number);
    for (const table of live) {
      if (this.#tables.has(table.number) || this.#options.spool?.has(table) === true) continue;
      const held = this.#openTable(table);
      if (held !== null) this.#tables.set(table.number, held);
      else if (!this.#options.sabotage.has('ignore-missing-table')) return table.number;
    }
    return null;
  }

  #openTable(table: TableMeta): HeldTable | null {
    for (const name of tableNames(table.number)) {
      const file = path.join(this.#dir, name);
      try {
        const fd = this.#openIfRoom(file);
        if (fd === undefined && this.#options.spool !== undefined)
          throw new OutOfDescriptors(this.#evidence('more tables than descriptors'), this.#pins.size);
        const stat = fd === undefined ? fs.statSync(file, { bigint: true }) : fs.fstatSync(fd, { bigint: true });
        if (Number(stat.size) !== table.size) {
          const why = `it has ${stat.size} bytes and MANIFEST says ${table.size}`;
          throw this.#restart(`the size of ${name} is wrong`, damaged(name, why));
        }
        return { name, stat, fd };
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
    return null;
  }

  /** Undefined if this capture, the process or the system has no descriptor left. */
  #openIfRoom(file: string): number | undefined {
    if (this.#pins.size >= this.#options.maxDescriptors) return undefined;
    try {
      return this.#pins.open(file);
    } catch (error) {
      if (['EMFILE', 'ENFILE'].includes(errnoOf(error) ?? '')) return undefined;
      throw error;
    }
  }

  /** E. Checks that CURRENT and MANIFEST are still those of step A, and that the log that MANIFEST begins at was captured. */
  #checkIncarnation(): CompleteVersion {
    const { sabotage } = this.#options;
    if (!sabotage.has('no-identity') && !this.#sameIncarnation()) throw this.#restart('the database was reopened');
    const version = this.#version.complete();
    if (version === null) {
      throw this.#restart(
        'MANIFEST is cut off',
        damaged(this.#manifestName, 'a field that every MANIFEST has is missing'),
      );
    }
    const { logNumber } = version;
    if (logNumber > 0 && !this.#logs.has(logNumber) && !sabotage.has('no-log-check')) {
      const name = logName(logNumber);
      throw this.#restart(`${name} was not there`, damaged(name, 'MANIFEST names this log and it is missing'));
    }
    return version;
  }

  #sameIncarnation(): boolean {
    try {
      if (fs.readFileSync(path.join(this.#dir, 'CURRENT'), 'latin1') !== this.#current) return false;
      const named = fs.statSync(path.join(this.#dir, this.#manifestName), { bigint: true });
      const held = fs.fstatSync(this.#manifestFd, { bigint: true });
      return named.dev === held.dev && named.ino === held.ino;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /** F. Puts together the logs that the version needs, each cut to whole records, and all other files. */
  #assemble(version: CompleteVersion): Captured {
    const needed = neededLogs(version, this.#logs.keys()).flatMap((number) => this.#logs.get(number) ?? []);
    let scanned: ReturnType<typeof scanCapturedLogs>;
    try {
      scanned = scanCapturedLogs(needed, !this.#options.sabotage.has('no-sequence-check'));
    } catch (error) {
      if (error instanceof BackupError) throw this.#restart('a log does not read', error);
      throw error;
    }
    const logs = scanned.ends.map(({ log, end }) => log.file(end));
    const tables = version.tables.flatMap((table) => this.#tableFile(table));
    const manifest = heldFile(
      this.#manifestName,
      readFully(this.#manifestFd, 0, this.#manifestEnd),
      fs.fstatSync(this.#manifestFd, { bigint: true }),
    );
    const current = heldFile('CURRENT', Buffer.from(this.#current, 'latin1'), this.#statCurrent());
    const files = [current, manifest, ...tables, ...logs].sort((a, b) => (a.name < b.name ? -1 : 1));
    const lastSequence = Math.max(version.lastSequence, scanned.lastSequence);
    return { version, lastSequence, logs: logs.length, files };
  }

  #statCurrent(): fs.BigIntStats {
    try {
      return fs.statSync(path.join(this.#dir, 'CURRENT'), { bigint: true });
    } catch (error) {
      if (isGone(error)) throw this.#restart('the database was reopened');
      throw error;
    }
  }

  #tableFile(meta: TableMeta): CapturedFile[] {
    const spooled = this.#options.spool?.file(meta, this.#pins);
    if (spooled !== undefined) return [spooled];
    const table = this.#tables.get(meta.number);
    if (table === undefined) return [];
    if (table.fd !== undefined) return [pinnedTable(table.name, table.fd, table.stat)];
    return [namedTable(table.name, path.join(this.#dir, table.name), table.stat, this.#pins)];
  }

  #restart(why: string, damage?: BackupError): Restart {
    return new Restart(why, this.#evidence(why), damage);
  }

  #evidence(why: string): string {
    return `${this.#current}|${this.#manifestEnd}|${why}`;
  }
}
