import { Args, Flags } from '@oclif/core';
import { BackupError } from '../core/model/backup-error.ts';

/** The one way to name a backup, for every command that takes one. */
export const selectionArgs = {
  backup: Args.string({ description: 'ID or part of one, latest, latest~1, or path of a backup (default: latest)' }),
};

export const latestFlag = Flags.boolean({
  summary: 'The newest complete backup of this project (this is the default)',
});

/** Whether a selector means another backup as soon as there is a newer one. */
export function movesOn(selector: string | undefined): boolean {
  return selector === undefined || /^latest(~|$)/.test(selector);
}

/** The selector that arguments and flags give; undefined means the latest. */
export function selectorOf(args: { backup?: string | undefined }, flags: { latest?: boolean }): string | undefined {
  if (args.backup !== undefined && flags.latest) {
    throw new BackupError('USAGE', `both ${args.backup} and --latest name a backup`, { hint: 'Give one of them.' });
  }
  return args.backup;
}

/** `--only`, the same for every command that has it: `resolveOnly` says what its words mean. */
export const onlyFlag = Flags.string({
  summary: 'Only this category, category/source, path or glob (repeatable, or a,b)',
  multiple: true,
  multipleNonGreedy: true,
  helpValue: 'WHAT',
});
