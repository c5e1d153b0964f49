import { Flags } from '@oclif/core';

/** Flags of every command. Each has an environment variable, since a pipeline sets them once. */
export const sharedFlags = {
  root: Flags.string({
    summary: 'Project folder (default: found upwards from here)',
    env: 'MIGBACKUP_ROOT',
    helpValue: 'DIR',
    helpGroup: 'GLOBAL',
  }),
  backups: Flags.string({
    summary: 'Where backups are kept (default: backups/ in the project)',
    env: 'MIGBACKUP_BACKUPS',
    helpValue: 'DIR',
    helpGroup: 'GLOBAL',
  }),
  config: Flags.string({
    summary: 'Config file (default: migbackup.config.json)',
    env: 'MIGBACKUP_CONFIG',
    helpValue: 'FILE',
    helpGroup: 'GLOBAL',
  }),
  identity: Flags.string({
    summary: 'File of the key that opens encrypted copies and exports',
    env: 'MIGBACKUP_IDENTITY',
    helpValue: 'FILE',
    helpGroup: 'GLOBAL',
  }),
  json: Flags.boolean({
    summary: 'One JSON document on stdout, errors too',
    env: 'MIGBACKUP_JSON',
    helpGroup: 'GLOBAL',
  }),
  quiet: Flags.boolean({
    summary: 'Print nothing unless the exit code is not 0',
    env: 'MIGBACKUP_QUIET',
    helpGroup: 'GLOBAL',
  }),
  'log-level': Flags.option({
    options: ['error', 'warn', 'info', 'debug', 'trace'] as const,
    summary: 'Write a structured log, to stderr unless --log-file says where',
    env: 'MIGBACKUP_LOG_LEVEL',
    helpValue: 'LEVEL',
    helpGroup: 'GLOBAL',
  })(),
  'log-file': Flags.string({
    summary: 'Append the log to this file (level info unless --log-level)',
    env: 'MIGBACKUP_LOG_FILE',
    helpValue: 'FILE',
    helpGroup: 'GLOBAL',
  }),
  yes: Flags.boolean({
    char: 'y',
    summary: 'Answer yes to every question',
    env: 'MIGBACKUP_YES',
    helpGroup: 'GLOBAL',
  }),
};

/** The values of the shared flags as a parse returns them. */
export interface SharedFlags {
  readonly root: string | undefined;
  readonly backups: string | undefined;
  readonly config: string | undefined;
  readonly identity: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly 'log-level': 'error' | 'warn' | 'info' | 'debug' | 'trace' | undefined;
  readonly 'log-file': string | undefined;
  readonly yes: boolean;
}

/** Of the commands that judge: `validate` and `verify`. */
export const failOnFlag = Flags.option({
  options: ['error', 'warning'] as const,
  summary: 'What makes the exit code 4',
  default: 'error' as const,
  env: 'MIGBACKUP_FAIL_ON',
})();
