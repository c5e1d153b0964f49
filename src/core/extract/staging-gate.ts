import type { MemberSink } from '../format/member-sink.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import type { AnyFinding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import { plural } from '../model/plural.ts';
import type { AuditObserver } from '../audit/audit.ts';
import { concerns } from '../audit/status.ts';
import type { Selection } from './selection.ts';

/**
 * Lets entries through to a place where they are written while the backup is still being verified. An entry passes only if it is wanted, its path is
 * sound, and no error so far is about it. Its path is judged before its content is read.
 */
export class StagingGate implements AuditObserver {
  readonly sink: MemberSink;
  readonly #categories: readonly string[];
  readonly #wanted: Selection;
  readonly #everything: boolean;
  readonly #onWanted: (entry: Entry) => void;
  /** Categories, and sources as `category/source`, that an error is about. */
  readonly #closed = new Set<string>();
  #closedAll = false;
  #passed = 0;

  /**
   * @param everything whether everything is restored: then any error closes the gate
   * @param onWanted called with each wanted entry
   */
  constructor(
    manifest: Manifest,
    wanted: Selection,
    everything: boolean,
    target: MemberSink,
    onWanted: (entry: Entry) => void,
  ) {
    this.#categories = Object.keys(manifest.categories);
    this.#wanted = wanted;
    this.#everything = everything;
    this.#onWanted = onWanted;
    this.sink = this.#guard(target);
  }

  entry(entry: Entry, sound: boolean): void {
    if (this.#wanted.count(entry)) this.#onWanted(entry);
    if (!sound) this.#close(entry.category);
  }

  finding(finding: AnyFinding): void {
    if (finding.severity !== 'error') return;
    for (const category of this.#categories) {
      if (concerns(category, finding))
        this.#close(finding.source === undefined ? category : `${category}/${finding.source}`);
    }
    if (this.#everything) this.#closedAll = true;
  }

  /** Throws BACKUP_DAMAGED unless all wanted entries went through. */
  requireAll(): void {
    if (this.#passed === this.#wanted.entries) return;
    const missing = this.#wanted.entries - this.#passed;
    throw new BackupError(
      'BACKUP_DAMAGED',
      `${plural(missing, 'entry', 'entries')} of the index could not be read from the archives`,
      {
        hint: 'Nothing was changed. migbackup verify shows everything.',
      },
    );
  }

  #close(what: string): void {
    this.#closed.add(what);
    if (this.#everything) this.#closedAll = true;
  }

  #passes(entry: Entry): boolean {
    if (this.#closedAll || !this.#wanted.has(entry) || !this.#wanted.isSafe(entry)) return false;
    if (this.#closed.size === 0) return true;
    return !this.#closed.has(entry.category) && !this.#closed.has(`${entry.category}/${entry.source}`);
  }

  #guard(target: MemberSink): MemberSink {
    let open = false;
    return {
      begin: (entry) => {
        open = this.#passes(entry);
        if (open) target.begin(entry);
      },
      data: (chunk, memory) => (open ? target.data(chunk, memory) : undefined),
      end: (entry, good) => {
        if (!open) return undefined;
        if (good) this.#passed++;
        return target.end(entry, good);
      },
    };
  }
}
