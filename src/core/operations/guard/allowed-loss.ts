import { BackupError } from '../../model/backup-error.ts';
import { nameMatcher } from '../../paths/names.ts';

/** What `--allow-loss` names: losses that do not count as a failure. */
export class AllowedLoss {
  readonly #patterns: ReadonlyMap<string, Record<'matches' | 'matchesLower', (name: string) => boolean>>;
  readonly #used = new Set<string>();

  /** Throws USAGE for a pattern that is empty. */
  constructor(patterns: readonly string[]) {
    this.#patterns = new Map(
      patterns.map((pattern) => [
        pattern,
        { matches: nameMatcher(pattern), matchesLower: nameMatcher(pattern.toLowerCase()) },
      ]),
    );
    if (this.#patterns.has(''))
      throw new BackupError('USAGE', '--allow-loss is empty', {
        hint: 'Name what may go, as guard prints it; * stands for anything and \\* for a star.',
      });
  }

  /** Whether a pattern matches one of the names that a loss has. */
  has(...names: readonly string[]): boolean {
    return this.hasDeployment(names, []);
  }

  /** The same, with addresses, which are the same in either case. */
  hasDeployment(names: readonly string[], addresses: readonly string[]): boolean {
    let isAllowed = false;
    for (const [pattern, { matches, matchesLower }] of this.#patterns) {
      if (!names.some(matches) && !addresses.some((address) => matchesLower(address.toLowerCase()))) continue;
      this.#used.add(pattern);
      isAllowed = true;
    }
    return isAllowed;
  }

  /** Patterns that matched no loss. */
  unused(): string[] {
    return [...this.#patterns.keys()].filter((pattern) => !this.#used.has(pattern));
  }
}
