import { Errors, type Interfaces } from '@oclif/core';
import { BackupError } from '../core/model/backup-error.ts';
import { nearest } from '../core/model/nearest.ts';

const HELP_FOOTER = '\nSee more help with --help';

/** `backup create` and `create` are the same command. */
export function commandIdOf(argv: readonly string[]): string | undefined {
  return argv[0] === 'backup' ? argv[1] : argv[0];
}

/** USAGE for a first word that is no command, with the command that was probably meant; undefined if the word is fine. */
export function unknownCommand(argv: readonly string[], manifest: Interfaces.Manifest): BackupError | undefined {
  const id = commandIdOf(argv);
  if (id === undefined || manifest.commands[id]) return undefined;
  if (id.startsWith('-')) {
    return ['--help', '--version'].includes(id)
      ? undefined
      : new BackupError('USAGE', `expected a command before ${id}`, {
          hint: 'flags come after the command, for example: migbackup create --json',
        });
  }
  const meant = nearest(id, Object.keys(manifest.commands));
  return new BackupError('USAGE', `"${id}" is not a migbackup command`, {
    hint: meant ? `did you mean migbackup ${meant}?` : 'migbackup --help lists the commands',
  });
}

function unknownFlagsOf(error: Error): string[] {
  return 'flags' in error && Array.isArray(error.flags) ? error.flags.map(String) : [];
}

/** Turns what oclif's parser throws into USAGE with a hint; anything else comes back unchanged. */
export function asUsageError(error: unknown, argv: readonly string[], manifest: Interfaces.Manifest): unknown {
  if (!(error instanceof Errors.CLIError)) return error;
  const id = commandIdOf(argv) ?? '';
  const [unknownFlag] = unknownFlagsOf(error);
  const known = Object.keys(manifest.commands[id]?.flags ?? {});
  const meant = unknownFlag && nearest(unknownFlag.replace(/^-+/, ''), known);
  const message = unknownFlag
    ? `${id} has no flag ${unknownFlag}`
    : error.message.replace(HELP_FOOTER, '').replace(/\n\s+/g, ' ');
  const help = `migbackup ${id} --help lists arguments and flags`;
  return new BackupError('USAGE', message, { hint: meant ? `did you mean --${meant}? ${help}` : help, cause: error });
}
