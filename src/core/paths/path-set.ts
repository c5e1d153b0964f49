import { parentOf } from './paths.ts';

/**
 * A set of project-relative paths that tells whether a path is in it or below one of its paths. The number of steps is the number of parts of the
 * path, however large the set is.
 */
export class PathSet {
  readonly #paths: Set<string>;

  constructor(paths: Iterable<string> = []) {
    this.#paths = new Set(paths);
  }

  add(path: string): void {
    this.#paths.add(path);
  }

  /** True if `path` is in the set, or below a path in it. */
  covers(path: string): boolean {
    for (let at = path; at !== '.'; at = parentOf(at)) if (this.#paths.has(at)) return true;
    return this.#paths.has('.');
  }
}
