import { isPartNameOf } from '../databases/engines.ts';
import { count, countsOf, type Counts } from '../model/counts.ts';
import { comparePaths, type Entry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import type { Manifest, ManifestCategory, ManifestSource } from '../model/manifest.ts';
import { escapeName } from '../paths/names.ts';
import { forbiddenPart, isInside, pathProblem } from '../paths/paths.ts';
import { INDEX_FILE } from '../format/layout.ts';

/**
 * Compares the index with the manifest. Every entry must have a good path inside a source that exists. Entries come category by category, in strictly
 * rising order of paths. Nothing lies below a file or link. All counts are those of the manifest.
 */
export class IndexAudit {
  readonly findings: Finding[] = [];
  readonly #manifest: Manifest;
  readonly #order: string[];
  readonly #categories = new Map<string, Counts>();
  readonly #sources = new Map<string, Counts>();
  /** Sources that are one file. The parts of a database may lie beside such a file. */
  readonly #single = new Set<ManifestSource>();
  #position = 0;
  #entries = 0;
  #lastPath: string | undefined;
  #lastLeaf: string | undefined;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.#order = Object.keys(manifest.categories);
  }

  /** Judges the next entry. */
  entry(entry: Entry): void {
    this.#entries++;
    this.#checkCategoryOrder(entry);
    this.#checkPath(entry);
    this.#checkOrder(entry);
    this.#count(entry);
  }

  /** Call once after the last entry. */
  finish(): Finding[] {
    this.#same('index.entries', this.#manifest.index.entries, this.#entries);
    for (const [name, category] of Object.entries(this.#manifest.categories)) this.#compareCounts(name, category);
    return this.findings;
  }

  #checkCategoryOrder(entry: Entry): void {
    if (this.#order[this.#position] === entry.category) return;
    const next = this.#order.indexOf(entry.category, this.#position);
    if (next < 0) {
      const known = this.#order.includes(entry.category);
      this.#wrong(
        entry,
        known ? `category ${entry.category} is out of order` : `unknown category "${escapeName(entry.category)}"`,
      );
      return;
    }
    this.#position = next;
    this.#lastPath = undefined;
    this.#lastLeaf = undefined;
  }

  #checkPath(entry: Entry): void {
    const problem = pathProblem(entry.path);
    if (problem !== null) {
      this.#wrong(entry, `unsafe path: ${problem}`);
      return;
    }
    const never = forbiddenPart(entry.path);
    if (never !== null) this.#wrong(entry, `a path with "${escapeName(never)}" in it is never stored`);
    const source = this.#source(entry);
    if (source === undefined) this.#wrong(entry, `unknown source "${escapeName(entry.source)}"`);
    else if (entry.path === source.path && entry.type === 'file') this.#single.add(source);
    else if (!isInside(entry.path, source.path) && !this.#isBeside(source, entry))
      this.#wrong(entry, `lies outside its source ${entry.category}/${entry.source} (${source.path})`);
  }

  #isBeside(source: ManifestSource, { path, type }: Entry): boolean {
    return type !== 'dir' && this.#single.has(source) && isPartNameOf(path, source.path);
  }

  #checkOrder(entry: Entry): void {
    const last = this.#lastPath;
    if (last !== undefined && comparePaths(last, entry.path) >= 0) {
      this.#wrong(
        entry,
        last === entry.path ? 'is in the index twice' : `is out of order: it comes after ${escapeName(last)}`,
      );
    }
    if (this.#lastLeaf !== undefined && isInside(entry.path, this.#lastLeaf) && entry.path !== this.#lastLeaf) {
      this.#wrong(entry, `lies below ${escapeName(this.#lastLeaf)}, which is not a folder`);
    }
    this.#lastPath = entry.path;
    if (entry.type !== 'dir') this.#lastLeaf = entry.path;
  }

  #count(entry: Entry): void {
    count(countsOf(this.#categories, entry.category), entry);
    count(countsOf(this.#sources, sourceKey(entry.category, entry.source)), entry);
  }

  #compareCounts(name: string, category: ManifestCategory): void {
    const counts = countsOf(this.#categories, name);
    for (const figure of ['files', 'directories', 'symlinks', 'bytes'] as const) {
      this.#same(`categories.${name}.${figure}`, category[figure], counts[figure], name);
    }
    for (const source of category.sources) {
      const found = countsOf(this.#sources, sourceKey(name, source.name));
      this.#same(`categories.${name}.sources.${source.name}.files`, source.files, found.files, name);
      this.#same(`categories.${name}.sources.${source.name}.bytes`, source.bytes, found.bytes, name);
    }
  }

  #source(entry: Entry): ManifestSource | undefined {
    return this.#manifest.categories[entry.category]?.sources.find((source) => source.name === entry.source);
  }

  #same(key: string, stated: number, counted: number, category?: string): void {
    if (stated === counted) return;
    this.findings.push({
      code: 'count-differs',
      severity: 'error',
      message: `manifest ${key} says ${stated}, but the index holds ${counted}`,
      path: 'BACKUP_MANIFEST.json',
      ...(category === undefined ? {} : { category }),
      evidence: { key, stated, counted },
    });
  }

  #wrong(entry: Entry, message: string): void {
    this.findings.push({
      code: 'index-wrong',
      severity: 'error',
      message: `index entry ${escapeName(entry.path)}: ${message}`,
      path: INDEX_FILE,
      category: entry.category,
      affects: [entry.path],
    });
  }
}

function sourceKey(category: string, source: string): string {
  return `${category}\0${source}`;
}
