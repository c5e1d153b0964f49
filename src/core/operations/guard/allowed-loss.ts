import { BackupError } from '../../model/backup-error.ts';

/** What `--allow-loss` names: losses that do not count as a failure. */
export class AllowedLoss {
  readonly #patterns: readonly string[];
  readonly #used = new Set<string>();

  /** Throws USAGE for a pattern that is empty. */
  constructor(patterns: readonly string[]) {
    this.#patterns = [...new Set(patterns)];
    if (this.#patterns.includes(''))
      throw new BackupError('USAGE', '--allow-loss is empty', {
        hint: 'Name what may go, as guard prints it; * stands for anything.',
      });
  }

  /** Whether a pattern matches one of the names that a loss has. */
  has(...names: readonly string[]): boolean {
    const matching = this.#patterns.filter((pattern) => names.some((name) => matches(pattern, name)));
    for (const pattern of matching) this.#used.add(pattern);
    return matching.length > 0;
  }

  /** Patterns that matched no loss. */
  unused(): string[] {
    return this.#patterns.filter((pattern) => !this.#used.has(pattern));
  }
}

/** `*` stands for anything, also for `/`. It takes one pass, whatever the pattern is. */
function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
