import path from 'node:path';
import { Flags } from '@oclif/core';
import type { Project } from '../core/model/category.ts';
import { confirmPlace } from './confirm-place.ts';
import type { Session } from './session.ts';

/** Of the commands that take a backup and can sign it. */
export const signFlag = Flags.string({
  summary: 'Sign it with this SSH key, or by the agent with the .pub file of one (default: "sign" of the config)',
  helpValue: 'KEY',
});

/** The key that signs, as an absolute path; undefined if none does. */
export function signingKey(project: Project, asked: string | undefined): string | undefined {
  return asked === undefined ? project.config.sign : path.resolve(asked);
}

/** Of the commands that take a backup and can push it. */
export const pushFlags = {
  push: Flags.boolean({
    summary: 'Copy the backup to every remote of the config (default if "push" is "always" there)',
    allowNo: true,
  }),
  'min-copies': Flags.integer({
    summary: 'With --push, how many copies it has to have (default: one in each remote)',
    min: 1,
    max: 100,
    helpValue: 'N',
  }),
  insecure: Flags.boolean({ summary: 'With --push, allow plain http to another machine' }),
};

interface PushValues {
  readonly push: boolean | undefined;
  readonly 'min-copies': number | undefined;
  readonly insecure: boolean;
  readonly sign: string | undefined;
}

/** What the flags and the config say of the push; undefined if nothing is pushed. @param command the words to run this again */
export function pushWanted(
  session: Session,
  project: Project,
  flags: PushValues,
  command: { readonly name: string; readonly argv: readonly string[] },
) {
  if (!(flags.push ?? project.config.push === 'always')) return undefined;
  const confirm = confirmPlace(session, command.name, command.argv);
  const sign = flags.sign === undefined ? undefined : path.resolve(flags.sign);
  return { remotes: [], insecure: flags.insecure, minCopies: flags['min-copies'], sign, confirm };
}
