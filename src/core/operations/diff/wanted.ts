import { databasesAt, nothingSelected } from '../../extract/selection.ts';
import type { AnyFinding } from '../../model/finding.ts';
import type { Manifest } from '../../model/manifest.ts';
import { mayHold, namedIn, selectByName, selectEntries, type EntryFilter } from '../../scan/terms.ts';
import type { Side, SideEntry } from './side.ts';

/** What `--only` selects of two sides, and whether there was anything. */
export class Wanted {
  readonly terms: readonly string[];
  readonly has: EntryFilter;
  readonly #manifests: readonly [Manifest, ...Manifest[]];
  readonly #mayHold: EntryFilter;
  #isEmpty = true;

  /** @param manifests of the sides that are backups */
  constructor(terms: readonly string[], manifests: readonly [Manifest, ...Manifest[]]) {
    this.terms = terms;
    this.#manifests = manifests;
    const names = manifests.flatMap(namedIn);
    const inBackups = selectEntries(terms, names, manifests.flatMap(databasesAt));
    const byName = selectByName(terms, names);
    this.has = (place) => inBackups(place) || byName(place);
    this.#mayHold = terms.length === 0 ? () => true : mayHold(terms, names);
  }

  async *of(category: string, side: Side): AsyncGenerator<SideEntry> {
    for await (const entry of side.entries(category)) {
      if (!this.has({ ...entry, category })) continue;
      this.#isEmpty = false;
      yield entry;
    }
  }

  isSaid({ category = '', source = '', path = '' }: AnyFinding): boolean {
    return this.#mayHold({ category, source, path });
  }

  /** Called once both sides are compared. Throws NOTHING_SELECTED if neither has anything that was asked for: a typo must not count as `same`. */
  require(findings: readonly AnyFinding[]): void {
    const [first] = this.#manifests;
    if (this.terms.length > 0 && this.#isEmpty && findings.length === 0)
      throw nothingSelected(first.backupId, first, this.terms);
  }
}
