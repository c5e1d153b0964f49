import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { readFully } from '../databases/database-files.ts';
import { absentRangesOf } from '../format/absent-ranges.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { MemberFiles } from '../format/member-files.ts';
import { openRegular } from '../fs/regular-file.ts';
import { BackupError, throwIfInterrupted } from '../model/backup-error.ts';
import type { Entry, ScannedEntry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import { toNative } from '../paths/paths.ts';
import { readDeployments, type ReadDeployments } from '../records/deployments.ts';
import { MAX_FILE_BYTES, mayBeRegistry, type RegistryFile, wholeOf } from '../records/registry.ts';
import type { EntryFilter } from '../scan/terms.ts';

const CHUNK_BYTES = 1 << 20;

type Seen = Pick<ScannedEntry, 'path' | 'type' | 'size' | 'target' | 'category' | 'source'>;

/** Collects the files that may be deployment registries while somebody walks the entries of a project or a backup, and reads them at the end. */
export class Registries<E extends Seen = Seen> {
  readonly #files: RegistryFile[] = [];
  readonly #links: Seen[] = [];
  #byPath: ReadonlyMap<string, RegistryFile> | undefined;
  readonly #open: (entry: E) => Iterable<Buffer>;
  readonly #close: () => void;
  readonly #fetch: ((entries: readonly E[]) => Promise<void>) | undefined;
  readonly #toFetch: E[] = [];

  /**
   * @param open the content of a file; it is called when the file is read
   * @param fetch called with all files before any is read
   */
  constructor(
    open: (entry: E) => Iterable<Buffer>,
    close: () => void = () => {},
    fetch?: (entries: readonly E[]) => Promise<void>,
  ) {
    this.#open = open;
    this.#close = close;
    this.#fetch = fetch;
  }

  see(entry: E): void {
    const { path: at, type, size, category, source } = entry;
    if (type === 'dir' || !mayBeRegistry(at)) return;
    if (type === 'symlink') this.#links.push(entry);
    else {
      this.#files.push({ path: at, bytes: size, category, source, chunks: () => this.#open(entry) });
      if (this.#fetch !== undefined) this.#toFetch.push(entry);
    }
  }

  /**
   * The whole content of a file that was seen. Undefined if there is no such file, or it is too big for what a compiler writes. Call `close` at the
   * end. Throws BackupError, or an error of the system.
   */
  contentOf(at: string): Buffer | undefined {
    const file = this.fileAt(at);
    return file === undefined || file.bytes > MAX_FILE_BYTES ? undefined : wholeOf(file);
  }

  /** A file that was seen. */
  fileAt(at: string): RegistryFile | undefined {
    this.#byPath ??= new Map(this.#files.map((file) => [file.path, file]));
    return this.#byPath.get(at);
  }

  /** Closes what is open. What is read later is opened again. */
  close(): void {
    this.#close();
  }

  /**
   * Call it once. Throws INTERRUPTED.
   * @param isWanted selects what is answered; all is read, because files beside a registry say on which chain it is
   */
  async read(signal?: AbortSignal, isWanted: EntryFilter = () => true): Promise<ReadDeployments> {
    try {
      await this.#fetch?.(this.#toFetch);
      const all = [...this.#files, ...this.#linksAway()];
      const { deployments, findings } = await readDeployments(all, signal);
      const wanted = new Set(
        all
          .filter(({ path: at, category = '', source = '' }) => isWanted({ path: at, category, source }))
          .map(({ path: at }) => at),
      );
      return {
        deployments: deployments.filter(({ file }) => wanted.has(file)),
        findings: findings.filter(({ path: at }) => at === undefined || wanted.has(at)),
      };
    } finally {
      this.#close();
    }
  }

  /** Links to files that nothing else reads. */
  #linksAway(): RegistryFile[] {
    const seen = new Set(this.#files.map(({ path: at }) => at));
    const away = this.#links.filter(
      ({ path: at, target = '' }) => !seen.has(path.posix.join(path.posix.dirname(at), target)),
    );
    const problem = 'it is a link, which is not followed';
    return away.map(({ path: at, category, source }) => ({
      path: at,
      bytes: 0,
      category,
      source,
      problem,
      chunks: () => [],
    }));
  }
}

/** Of the project, as it is now. No link is followed to one. */
export function liveRegistries(root: string): Registries {
  return new Registries(function* chunks(entry) {
    const fd = openRegular(toNative(root, entry.path));
    try {
      const { size } = fs.fstatSync(fd);
      for (let at = 0; at < size; at += CHUNK_BYTES) yield readFully(fd, at, Math.min(CHUNK_BYTES, size - at));
    } finally {
      fs.closeSync(fd);
    }
  });
}

/** Of a backup. What is read is what the index states; anything else is damage, and a finding says so. */
export function archivedRegistries(folder: string, manifest: Manifest): Registries<Entry> {
  const archives = new Map<string, MemberFiles>();
  const membersOf = (category: string): MemberFiles => {
    const known = archives.get(category);
    if (known !== undefined) return known;
    const archive = manifest.categories[category]?.archive;
    if (archive === undefined) throw damaged(manifest, `the backup has no archive of ${category}`);
    const members = new MemberFiles(path.join(folder, archive.file), archive);
    archives.set(category, members);
    return members;
  };
  return new Registries(
    function* chunks(entry) {
      const file = membersOf(entry.category).open(entry);
      const hash = createHash('sha256');
      for (let at = 0; at < file.size; at += CHUNK_BYTES) {
        const chunk = file.read(at, CHUNK_BYTES);
        hash.update(chunk);
        yield chunk;
      }
      if (hash.digest('hex') !== entry.sha256) throw damaged(manifest, 'it is not what the index of the backup says');
    },
    () => {
      archives.forEach((members) => members.close());
      archives.clear();
    },
    fetchMembers(folder, manifest),
  );
}

/** Undefined for a backup whose archives are all there. */
function fetchMembers(folder: string, manifest: Manifest): ((entries: readonly Entry[]) => Promise<void>) | undefined {
  const archives = Object.entries(manifest.categories).flatMap(([name, { archive }]) =>
    archive === undefined ? [] : [{ name, archive, file: path.join(folder, archive.file) }],
  );
  if (archives.every(({ file }) => absentRangesOf(file) === undefined)) return undefined;
  return async (entries) => {
    const byCategory = Map.groupBy(entries, ({ category }) => category);
    for (const { name, archive, file } of archives) await MemberFiles.fetch(file, archive, byCategory.get(name) ?? []);
  };
}

function damaged({ backupId }: Manifest, message: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', message, {
    hint: `migbackup verify ${backupId} shows what of the backup is still good.`,
  });
}

/**
 * What the registries in a backup record. It verifies nothing else. If the index cannot be read, a finding says that nothing was looked at.
 * Throws INTERRUPTED.
 */
export async function deploymentsInBackup(
  folder: string,
  manifest: Manifest,
  signal?: AbortSignal,
  isWanted?: EntryFilter,
): Promise<ReadDeployments> {
  const { deployments, findings } = await registriesInBackup(folder, manifest, signal, isWanted);
  return { deployments, findings };
}

/** The same, and the registries themselves, of which the caller may read more. Close them at the end. */
export async function registriesInBackup(
  folder: string,
  manifest: Manifest,
  signal?: AbortSignal,
  isWanted?: EntryFilter,
): Promise<ReadDeployments & { readonly registries: Registries<Entry> }> {
  const registries = archivedRegistries(folder, manifest);
  try {
    for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
      throwIfInterrupted(signal);
      for (const entry of batch) registries.see(entry);
    }
  } catch (error) {
    if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
    return { deployments: [], findings: [notLookedAt(error)], registries };
  }
  return { ...(await registries.read(signal, isWanted)), registries };
}

function notLookedAt({ message, hint }: BackupError): Finding {
  return {
    code: 'registry-not-read',
    severity: 'warning',
    message: `no deployment registry in the backup was looked at: ${message}`,
    recommendation: hint,
  };
}
