import type { AnyFinding } from './finding.ts';
import type { Tool } from './tool.ts';

/** Everything that the command line learns while an operation runs. */
export type Event =
  | { readonly type: 'phase-begin'; readonly phase: string; readonly files?: number; readonly bytes?: number }
  /** Emitted in batches, every few milliseconds: cumulative figures of the current phase. */
  | { readonly type: 'progress'; readonly files: number; readonly bytes: number; readonly path?: string }
  | { readonly type: 'finding'; readonly finding: AnyFinding }
  /** A guarded command has the terminal from its begin to its end. */
  | { readonly type: 'command-begin' | 'command-end' }
  /** `next` says what to do about it; its text is our own, so its command lines can be completed. */
  | { readonly type: 'note'; readonly message: string; readonly next?: string };

export type OnEvent = (event: Event) => void;

/** Where the keys are that open what is encrypted. Never in a config: that comes along with a checkout. */
export interface KeysAtHand {
  /** A file of identities as age has them: --identity or MIGBACKUP_IDENTITY. */
  readonly identity?: string | undefined;
  /** A file with a passphrase in its first line: MIGBACKUP_PASSPHRASE_FILE. */
  readonly passphrase?: string | undefined;
}

/** What every operation takes besides its own options. */
export interface Context {
  readonly tool: Tool;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
  /** For how long questions have waited for their answers so far, in milliseconds. */
  readonly askedMs?: (() => number) | undefined;
  readonly keys?: KeysAtHand | undefined;
  /** The wall clock, injectable so that ids and reports are testable. */
  readonly now?: (() => Date) | undefined;
}
