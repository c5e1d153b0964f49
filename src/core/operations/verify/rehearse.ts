import fs from 'node:fs';
import path from 'node:path';
import { readIndex } from '../../format/index-file.ts';
import { checkJson } from '../../checks/json-parse.ts';
import { escapeName } from '../../paths/names.ts';
import { leadsOut, toNative } from '../../paths/paths.ts';
import { freeSpace } from '../../fs/space.ts';
import { BackupError, throwIfInterrupted } from '../../model/backup-error.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import type { CodeOf, FindingCode } from '../../model/finding-codes.ts';
import type { ManifestDatabase } from '../../model/database.ts';
import { databasesOf } from '../../model/stated-databases.ts';
import type { Manifest } from '../../model/manifest.ts';
import { sayRecords } from '../../model/say-records.ts';
import { engineOf } from '../../databases/engines.ts';
import { partsOnDisk } from '../../databases/parts-on-disk.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { INDEX_FILE } from '../../format/layout.ts';
import { readManifest } from '../../format/manifest-file.ts';
import { openScratchFolder } from '../../repository/scratch-folder.ts';
import { writeEntries } from '../../extract/write-entries.ts';
import type { Audit } from '../../audit/audit.ts';
import { judge } from '../../audit/status.ts';

/** What every file costs beside its bytes, and what others on the file system need. */
const FILE_OVERHEAD = 4096n;
const RESERVE_BYTES = 16n << 20n;

/**
 * Rehearses the restore of a backup whose audit found no error: unpacks all of it into a scratch folder, opens a copy of every
 * database there and compares its records and digest, and parses every JSON file that parsed when the backup was taken. Returns the audit with what
 * that found. The scratch folder is gone afterwards. Throws NO_SPACE, REPOSITORY_UNWRITABLE, LOCKED or INTERRUPTED.
 */
export async function rehearse(
  selected: SelectedBackup,
  audit: Audit,
  repository: string | null,
  context: Context,
): Promise<Audit> {
  if (audit.status === 'FAILED') return { ...audit, findings: [...audit.findings, notRehearsed(selected.id)] };
  const manifest = readManifest(selected.folder);
  const scratch = openScratchFolder(repository, 'verify --rehearse');
  try {
    const rehearsal = new Rehearsal(selected.folder, manifest, scratch.path, context);
    await rehearsal.run();
    const findings = [...audit.findings, ...rehearsal.findings];
    return { ...audit, ...judge(manifest, findings), scope: { ...audit.scope, rehearsed: rehearsal.counts } };
  } finally {
    scratch.dispose();
  }
}

class Rehearsal {
  readonly findings: Finding[] = [];
  readonly counts = { databases: 0, records: 0, jsonFiles: 0 };
  readonly #folder: string;
  readonly #manifest: Manifest;
  readonly #scratch: string;
  readonly #context: Context;

  constructor(folder: string, manifest: Manifest, scratch: string, context: Context) {
    this.#folder = folder;
    this.#manifest = manifest;
    this.#scratch = scratch;
    this.#context = context;
  }

  async run(): Promise<void> {
    const { files, bytes } = this.#manifest.totals;
    checkRoom(this.#scratch, this.#manifest);
    this.#context.onEvent?.({ type: 'phase-begin', phase: 'rehearsing', files, bytes });
    const tree = path.join(this.#scratch, 'tree');
    await this.#unpack(tree);
    for (const [category, part] of Object.entries(this.#manifest.categories)) {
      for (const database of databasesOf({ categories: { [category]: part } }))
        await this.#openDatabase(category, database, toNative(tree, database.path));
    }
    await this.#parseJson(tree);
  }

  async #unpack(tree: string): Promise<void> {
    try {
      await writeEntries(
        {
          folder: this.#folder,
          manifest: this.#manifest,
          base: tree,
          place: (entry) =>
            entry.target !== undefined && leadsOut(entry.path, entry.target) ? null : toNative(tree, entry.path),
          categories: new Set(Object.keys(this.#manifest.categories)),
          everything: true,
          // Nothing has to be durable: the tree is removed after this.
          syncAll: () => Promise.resolve(),
        },
        this.#context,
      );
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== 'BACKUP_DAMAGED') throw error;
      this.#find({ code: 'rehearsal-failed', message: error.message });
    }
  }

  async #openDatabase(category: string, stated: ManifestDatabase, place: string): Promise<void> {
    const about = { path: stated.path, category };
    const engine = engineOf(stated.engine);
    const name = `${engine.title} database ${escapeName(stated.path)}`;
    if (!stated.readers.some((reader) => reader !== 'migbackup')) {
      const message =
        stated.records === null
          ? `${name}: ${sayRecords(stated)}; ${engine.title} cannot open it, because only its application knows the order of its keys`
          : `${name}: ${engine.title} cannot read its format; our own reader checked it`;
      this.findings.push({ code: 'database-not-opened', severity: 'info', message, ...about });
      return;
    }
    const files = partsOnDisk(engine, place, true);
    try {
      const { signal } = this.#context;
      const scratch = path.join(this.#scratch, 'database');
      const { records, digest, readers } = await engine.prove(files, { scratch, signal });
      if (!stated.readers.every((reader) => readers.includes(reader))) {
        const message = `${name}: ${engine.title} cannot read it, although the manifest says that it did`;
        this.#find({
          code: 'database-differs',
          message,
          ...about,
          evidence: { found: { readers }, stated: { ...stated } },
        });
        return;
      }
      this.counts.databases++;
      this.counts.records += records ?? 0;
      if (records === stated.records && digest === stated.digest) return;
      const message = `${name}: opened with ${engine.title}, it holds ${records} records, and they are not the ${stated.records} records of the manifest`;
      this.#find({
        code: 'database-differs',
        message,
        ...about,
        evidence: { found: { records, digest }, stated: { ...stated } },
      });
    } catch (error) {
      if (!(error instanceof BackupError) || error.code === 'INTERRUPTED' || error.code === 'NO_SPACE') throw error;
      this.#find({ code: 'database-differs', message: `${name}: ${error.message}`, ...about });
    } finally {
      files.close();
    }
  }

  async #parseJson(tree: string): Promise<void> {
    const known = new Set(
      this.#manifest.findings.flatMap(({ code, path: at }) =>
        code === ('invalid-json' satisfies FindingCode) ? [at] : [],
      ),
    );
    for await (const batch of readIndex(path.join(this.#folder, INDEX_FILE))) {
      throwIfInterrupted(this.#context.signal);
      for (const entry of batch) {
        if (entry.type !== 'file' || !entry.path.endsWith('.json') || known.has(entry.path)) continue;
        this.counts.jsonFiles++;
        checkJson(entry, fs.readFileSync(toNative(tree, entry.path)), ({ evidence = {} }) => {
          const message = `${escapeName(entry.path)} parsed when the backup was taken and does not now`;
          this.#find({ code: 'json-differs', message, path: entry.path, category: entry.category, evidence });
        });
      }
    }
  }

  #find(finding: Omit<Finding, 'code' | 'severity'> & { code: CodeOf<'error'> }): void {
    const error: Finding = { ...finding, severity: 'error' };
    this.findings.push(error);
    this.#context.onEvent?.({ type: 'finding', finding: error });
  }
}

function notRehearsed(id: string): Finding {
  return {
    code: 'not-rehearsed',
    severity: 'info',
    message: `${id} was not rehearsed: what does not verify is not unpacked`,
  };
}

/** Everything unpacked, and for the largest source with a database half of it again: an engine may rewrite what it opens. */
function checkRoom(scratch: string, { totals, index, categories }: Manifest): void {
  const sources = Object.values(categories).flatMap((category) => category.sources);
  const largest = Math.max(0, ...sources.map((source) => (source.databases === undefined ? 0 : source.bytes)));
  const need = BigInt(totals.bytes + Math.ceil(largest / 2)) + BigInt(index.entries) * FILE_OVERHEAD + RESERVE_BYTES;
  const free = freeSpace(scratch).bytes;
  if (free >= need) return;
  throw new BackupError('NO_SPACE', `not enough space to rehearse: ${free} bytes are free, ${need} are needed`, {
    hint: 'Free some space, or verify without --rehearse.',
    path: path.dirname(scratch),
    details: { freeBytes: Number(free), neededBytes: Number(need) },
  });
}
