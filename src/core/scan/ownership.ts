import { isInside, parentOf } from '../paths/paths.ts';
import type { Category, Source, Project } from '../model/category.ts';
import { SourcePatterns } from './source-patterns.ts';

interface Candidate {
  readonly source: Source;
  readonly patterns: SourcePatterns;
  /** The position among all sources. The earlier category wins. */
  readonly order: number;
}

/**
 * Decides which one source a file belongs to: a named file beats a pattern, the innermost path beats an outer one, then the earlier
 * category wins.
 */
export class Ownership {
  readonly #all: readonly Candidate[];
  /** By the path of the source, and by the folder that this path is in: a monorepo has hundreds of sources, and every folder asks about them. */
  readonly #byPath: ReadonlyMap<string, readonly Candidate[]>;
  readonly #byParent: ReadonlyMap<string, readonly Candidate[]>;
  /** The sources that could own something directly in this folder. They are kept, because files come folder by folder and most sources are elsewhere. */
  #near: { readonly folder: string; readonly candidates: readonly Candidate[] } = { folder: '', candidates: [] };

  constructor(categories: readonly Category[]) {
    const sources = categories.flatMap((category) => category.sources);
    this.#all = sources.map((source, order) => ({ source, patterns: new SourcePatterns(source), order }));
    this.#byPath = Map.groupBy(this.#all, ({ source }) => source.path);
    this.#byParent = Map.groupBy(this.#all, ({ source }) => parentOf(source.path));
  }

  /** The source that stores this project-relative file, or undefined if it is in no category. */
  ownerOf(path: string): Source | undefined {
    const folder = parentOf(path);
    if (this.#near.folder !== folder) this.#near = { folder, candidates: this.#reaching(folder) };
    return best(this.#near.candidates, path)?.source;
  }

  /** The source that stores this folder's own entry: the innermost one that takes whole folders. */
  folderOwnerOf(path: string): Source | undefined {
    let found: Candidate | undefined;
    for (const candidate of this.#above(path)) {
      const { source, patterns } = candidate;
      if (patterns.hasInclude || patterns.excludes(relativeTo(source, path))) continue;
      if (found === undefined || depth(source) > depth(found.source)) found = candidate;
    }
    return found?.source;
  }

  /** The compiled patterns of one of its sources. */
  patternsOf(source: Source): SourcePatterns {
    return this.#all.find((candidate) => candidate.source === source)?.patterns ?? new SourcePatterns(source);
  }

  /** True if no other source reaches into the folder of this one, so that everything in it belongs to this one. */
  isAlone(source: Source): boolean {
    return this.#all.every(({ source: other, patterns }) => {
      if (other === source) return true;
      if (isInside(other.path, source.path)) return false;
      return !isInside(source.path, other.path) || !patterns.mayContain(relativeTo(other, source.path));
    });
  }

  /** Whether everything in a folder, whatever it is, belongs to some source. */
  takesAllIn(folder: string): boolean {
    return this.#above(folder).some(({ source }) => source.include.length === 0 && source.exclude.length === 0);
  }

  /** The source that takes a whole folder, whatever is in it. A walk for another source may stop there. */
  takesWhole(path: string): Source | undefined {
    return this.#byPath.get(path)?.find(({ source }) => source.include.length === 0 && source.exclude.length === 0)
      ?.source;
  }

  /** The sources that could own something directly in a folder. */
  #reaching(folder: string): Candidate[] {
    const above = this.#above(folder).filter(({ source, patterns }) => {
      const inner = relativeTo(source, folder);
      return inner === '' || inner === '.' || patterns.mayContain(inner);
    });
    return [...above, ...(this.#byParent.get(folder) ?? []).filter(({ source }) => !isInside(folder, source.path))];
  }

  /** The sources at a path, and at the folders above it, from the outermost one on. */
  #above(path: string): Candidate[] {
    const found = [...(this.#byPath.get('.') ?? [])];
    if (path === '.' || path === '') return found;
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1))
      found.push(...(this.#byPath.get(path.slice(0, end)) ?? []));
    found.push(...(this.#byPath.get(path) ?? []));
    return found;
  }
}

function best(candidates: readonly Candidate[], path: string): Candidate | undefined {
  let found: Candidate | undefined;
  let foundNamed = false;
  for (const candidate of candidates) {
    const { source, patterns } = candidate;
    if (!isInside(path, source.path)) continue;
    const match = source.path === path ? 'named' : patterns.match(relativeTo(source, path));
    if (match === null) continue;
    const named = match === 'named';
    if (found === undefined || isBetter(named, candidate, foundNamed, found)) [found, foundNamed] = [candidate, named];
  }
  return found;
}

function isBetter(named: boolean, candidate: Candidate, foundNamed: boolean, found: Candidate): boolean {
  if (named !== foundNamed) return named;
  if (depth(candidate.source) !== depth(found.source)) return depth(candidate.source) > depth(found.source);
  return candidate.order < found.order;
}

function depth(source: Source): number {
  return source.path === '.' ? 0 : source.path.split('/').length;
}

/** A project-relative path as the source's patterns see it; the source's own path is ''. */
export function relativeTo(source: Source, path: string): string {
  if (source.path === '.') return path;
  return path === source.path ? '' : path.slice(source.path.length + 1);
}

/** Whether the config itself names a source. Such a source must be what the config says; the preset only says where things usually are. */
export function isSpelledOut({ config }: Project, { category, name }: Source): boolean {
  return config.written.some((written) => written.category === category && written.name === name);
}
