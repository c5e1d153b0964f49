import { Errors, type Interfaces } from '@oclif/core';
import { BackupError } from '../core/model/backup-error.ts';
import { nearest } from '../core/model/nearest.ts';

const HELP_FOOTER = '\nSee more help with --help';

/** The command that a command line begins with: `backup create` and `create` are the same, `db digest` is `db:digest`. */
export function commandIdOf(argv: readonly string[], manifest: Interfaces.Manifest): string | undefined {
  const [first, second] = argv[0] === 'backup' ? argv.slice(1) : argv;
  const inTopic = `${first}:${second}`;
  return manifest.commands[inTopic] === undefined ? first : inTopic;
}

const commandsOfTopic = (word: string, manifest: Interfaces.Manifest): string[] =>
  Object.keys(manifest.commands).filter((id) => id.startsWith(`${word}:`));

/** `migbackup db` shows the help of the topic. */
function isTopicAlone(argv: readonly string[], word: string, manifest: Interfaces.Manifest): boolean {
  const [first, next] = argv;
  const alone = first === word && (next === undefined || next.startsWith('-'));
  return alone && commandsOfTopic(word, manifest).length > 0;
}

function hintFor(id: string, manifest: Interfaces.Manifest): string {
  const inside = commandsOfTopic(id, manifest);
  if (inside.length > 0) return `its commands are: ${inside.map((one) => `migbackup ${asTyped(one)}`).join(', ')}`;
  const meant = nearest(id, Object.keys(manifest.commands));
  return meant ? `did you mean migbackup ${asTyped(meant)}?` : 'migbackup --help lists the commands';
}

/** `db:digest` as a person types it. */
const asTyped = (id: string): string => id.replaceAll(':', ' ');

/** USAGE for a first word that is no command, with the command that was probably meant; undefined if the word is fine. */
export function unknownCommand(argv: readonly string[], manifest: Interfaces.Manifest): BackupError | undefined {
  const id = commandIdOf(argv, manifest);
  if (id === undefined || manifest.commands[id] || isTopicAlone(argv, id, manifest)) return undefined;
  if (id.startsWith('-')) {
    return ['--help', '--version'].includes(id)
      ? undefined
      : new BackupError('USAGE', `expected a command before ${id}`, {
          hint: 'Flags come after the command, for example: migbackup create --json',
        });
  }
  return new BackupError('USAGE', `"${id}" is not a migbackup command`, { hint: hintFor(id, manifest) });
}

function unknownFlagsOf(error: Error): string[] {
  return 'flags' in error && Array.isArray(error.flags) ? error.flags.map(String) : [];
}

/** Turns what oclif's parser throws into USAGE with a hint; anything else comes back unchanged. */
export function asUsageError(error: unknown, argv: readonly string[], manifest: Interfaces.Manifest): unknown {
  if (!(error instanceof Errors.CLIError)) return error;
  const id = commandIdOf(argv, manifest) ?? '';
  const typed = asTyped(id);
  const [unknownFlag] = unknownFlagsOf(error);
  const known = Object.keys(manifest.commands[id]?.flags ?? {});
  const meant = unknownFlag && nearest(unknownFlag.replace(/^-+/, ''), known);
  const message = unknownFlag
    ? `${typed} has no flag ${unknownFlag}`
    : error.message.replace(HELP_FOOTER, '').replace(/\n\s+/g, ' ');
  const help = `migbackup ${typed} --help lists arguments and flags`;
  return new BackupError('USAGE', message, { hint: meant ? `Did you mean --${meant}? ${help}` : help, cause: error });
}
