import type { Finding } from '../model/finding.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Source } from '../model/category.ts';
import type { ScanProblem } from './scan-item.ts';
import { toFinding } from './scan-messages.ts';

type ProblemText = Pick<ScanProblem, 'code' | 'message' | 'hint'>;

export interface NoteTakers {
  readonly onProblem: (problem: ScanProblem) => void;
  readonly onFinding?: ((finding: Finding) => void) | undefined;
}

/** Reports findings and problems about paths of one source. */
export class ScanNotes {
  readonly #source: Source;
  readonly #takers: NoteTakers;

  constructor(source: Source, takers: NoteTakers) {
    this.#source = source;
    this.#takers = takers;
  }

  /** Whether anybody listens to findings. If not, the walk does not look for what is costly to find. */
  get wantsFindings(): boolean {
    return this.#takers.onFinding !== undefined;
  }

  finding(found: Finding, relative: string): void {
    this.#takers.onFinding?.(toFinding(found, relative, this.#source.category, this.#source.name));
  }

  problem({ code, message, hint }: ProblemText, relative: string, cause?: unknown): void {
    this.#takers.onProblem({
      code,
      path: relative,
      message,
      hint,
      category: this.#source.category,
      source: this.#source.name,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** Adds the error code of the system to the message. */
export function withErrno(text: ProblemText, cause: unknown): ProblemText {
  return { ...text, message: `${text.message} (${errnoOf(cause)})` };
}
