import { parentOf } from './paths.ts';

/** Project-relative paths, to be asked whether one of them is or holds another: in as many steps as a path has parts, however many they are. */
export class PathSet {
  readonly #paths: Set<string>;

  constructor(paths: Iterable<string> = []) {
    this.#paths = new Set(paths);
  }

  add(path: string): void {
    this.#paths.add(path);
  }

  /** True if `path` is one of them, or lies below one. */
  covers(path: string): boolean {
    for (let at = path; at !== '.'; at = parentOf(at)) if (this.#paths.has(at)) return true;
    return this.#paths.has('.');
  }
}
