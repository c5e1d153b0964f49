import picomatch from 'picomatch';
import { unescapeGlob } from '../paths/globs.ts';
import type { Source } from '../model/category.ts';

type Match = (text: string) => boolean;

const OPTIONS = { dot: true } as const;

/** Compiled patterns are kept: a run needs the patterns of its sources several times, and compiling one costs as much as examining ten files. */
const compiled = new Map<string, Match>();

function compile(pattern: string): Match {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const name = unescapeGlob(pattern);
  const matches: Match = isGlob(pattern) ? picomatch(pattern, OPTIONS) : (text) => text === name;
  compiled.set(pattern, matches);
  return matches;
}

/** The patterns of one source, compiled. Paths are relative to the source's path. */
export class SourcePatterns {
  readonly hasInclude: boolean;
  readonly #literals: ReadonlySet<string>;
  readonly #include: readonly Match[];
  readonly #exclude: readonly Match[];
  readonly #segments: readonly (readonly (Match | '**')[])[];

  constructor(source: Source) {
    const globs = source.include.filter((pattern) => isGlob(pattern));
    this.hasInclude = source.include.length > 0;
    this.#literals = new Set(
      source.include.filter((pattern) => !isGlob(pattern)).map((pattern) => unescapeGlob(trimSlash(pattern))),
    );
    this.#include = globs.map((pattern) => compile(pattern));
    this.#exclude = source.exclude.map((pattern) => compile(trimSlash(pattern)));
    this.#segments = source.include.map(segmentsOf);
  }

  /** `named` if the config names exactly this file, `pattern` if a pattern matches it, null if the source does not take it. */
  match(relative: string): 'named' | 'pattern' | null {
    if (this.excludes(relative)) return null;
    if (!this.hasInclude) return 'pattern';
    if (this.#literals.has(relative)) return 'named';
    if (this.#include.some((matches) => matches(relative))) return 'pattern';
    for (const literal of this.#literals) if (relative.startsWith(`${literal}/`)) return 'pattern';
    return null;
  }

  /** Whether the config names a file below this folder. */
  namesBelow(folder: string): boolean {
    for (const literal of this.#literals) if (literal.startsWith(`${folder}/`)) return true;
    return false;
  }

  /** Whether the path or a folder above it is excluded. */
  excludes(relative: string): boolean {
    if (this.#exclude.length === 0) return false;
    for (let end = relative.indexOf('/'); end >= 0; end = relative.indexOf('/', end + 1)) {
      const folder = relative.slice(0, end);
      if (this.#exclude.some((matches) => matches(folder))) return true;
    }
    return this.#exclude.some((matches) => matches(relative));
  }

  /** Whether the source could take anything below this folder. If not, the walk can skip it: `*.md` must not need a walk of the whole project. */
  mayContain(folder: string): boolean {
    if (!this.hasInclude) return true;
    const parts = folder.split('/');
    return this.#segments.some((segments) => {
      for (const [at, part] of parts.entries()) {
        const segment = segments[at];
        if (segment === '**') return true;
        if (segment === undefined) return this.#literals.has(parts.slice(0, segments.length).join('/'));
        if (!segment(part)) return false;
      }
      return segments.length > parts.length || this.#literals.has(folder);
    });
  }
}

/** A pattern, split at its slashes. A pattern with a group that contains a slash (`{a/b,c}/*`) cannot be split, so anything may be below. */
function segmentsOf(pattern: string): (Match | '**')[] {
  if (/[{([][^})\]]*\//.test(pattern)) return ['**'];
  return trimSlash(pattern)
    .split('/')
    .map((part) => (part.includes('**') ? '**' : compile(part)));
}

function isGlob(pattern: string): boolean {
  return picomatch.scan(pattern).isGlob;
}

function trimSlash(pattern: string): string {
  return pattern.replace(/\/+$/, '');
}
