import { BackupError, type ErrorCode } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import { escapeName } from '../paths/names.ts';

/** Something on disk that cannot be stored truthfully: an error, or with --allow-partial a finding. */
export interface Problem {
  readonly code: ErrorCode;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
  readonly category?: string;
  readonly source?: string;
  readonly cause?: unknown;
}

/** Collects problems. With --allow-partial each becomes a `left-out` finding, otherwise `throwIfAny` stops the backup. */
export class Problems {
  readonly #allowPartial: boolean;
  readonly #onFinding: (finding: Finding) => void;
  readonly #kept: Problem[] = [];
  readonly #partial = new Set<string>();
  readonly #seen = new Set<string>();

  constructor(allowPartial: boolean, onFinding: (finding: Finding) => void) {
    this.#allowPartial = allowPartial;
    this.#onFinding = onFinding;
  }

  add(problem: Problem): void {
    if (problem.category !== undefined) this.#partial.add(problem.category);
    const key = `${problem.code}\0${problem.path}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#kept.push(problem);
    if (!this.#allowPartial) return;
    this.#onFinding({
      code: 'left-out',
      severity: 'warning',
      message: `left out (--allow-partial): ${problem.message}`,
      path: problem.path,
      ...(problem.category === undefined ? {} : { category: problem.category }),
      ...(problem.source === undefined ? {} : { source: problem.source }),
      recommendation: problem.hint,
    });
  }

  /** True if something of this category was left out. */
  isPartial(category: string): boolean {
    return this.#partial.has(category);
  }

  get any(): boolean {
    return this.#kept.length > 0;
  }

  /**
   * Throws the first problem, with all of them in the details, unless --allow-partial was given. The hint does not offer --allow-partial if a
   * database is damaged, because the backup would then be without that database.
   */
  throwIfAny(): void {
    const damaged = this.#kept.find(({ code }) => code === 'DATABASE_DAMAGED');
    const first = damaged ?? this.#kept[0];
    if (first === undefined || this.#allowPartial) return;
    const more = this.#kept.length > 1 ? ` (and ${this.#kept.length - 1} more)` : '';
    throw new BackupError(first.code, `${escapeName(first.path)}: ${first.message}${more}`, {
      hint:
        damaged === undefined
          ? `${first.hint} migbackup create --allow-partial leaves it out with a finding.`
          : first.hint,
      path: first.path,
      ...(first.cause === undefined ? {} : { cause: first.cause }),
      details: { problems: this.#kept.map(({ code, path, message }) => ({ code, path, message })) },
    });
  }
}
