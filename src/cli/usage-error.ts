import type { Interfaces } from '@oclif/core';
import { BackupError } from '../core/model/backup-error.ts';
import { plural } from '../core/model/plural.ts';
import { nearest } from '../core/model/nearest.ts';
import { shellLine } from '../core/model/shell-quote.ts';
import { shorten } from '../core/paths/names.ts';

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

/** `db:digest` as a person types it. */
export const asTyped = (id: string): string => id.replaceAll(':', ' ');

const VERSION = 'migbackup --version prints the version.';

/** What some first words mean in many other programs that mean nothing here. */
const MEANT: Readonly<Record<string, string>> = {
  version: VERSION,
  '-v': `${VERSION} With --log-level debug a command says more about what it does.`,
  '-V': VERSION,
  '-n': 'Give --dry-run after restore, undo, prune or init; migbackup validate checks whether a backup would work, and takes none.',
};

/** USAGE for words that name no command, with what was probably meant. */
export function noSuchCommand(words: readonly string[], manifest: Interfaces.Manifest): BackupError {
  const typed = shorten(words.join(' '));
  return new BackupError('USAGE', `"${typed}" is not a migbackup command`, { hint: commandMeantBy(words, manifest) });
}

function commandMeantBy(words: readonly string[], manifest: Interfaces.Manifest): string {
  const [first = ''] = words;
  const meant = nearest(words.join(':'), Object.keys(manifest.commands));
  const inside = commandsOfTopic(first, manifest).map((id) => `migbackup ${asTyped(id)}`);
  if (MEANT[first] !== undefined) return MEANT[first];
  if (meant !== undefined) return `Did you mean migbackup ${asTyped(meant)}?`;
  return inside.length > 0 ? `Its commands are: ${inside.join(', ')}.` : 'migbackup --help lists the commands.';
}

/** USAGE for words after those that a command takes. */
export function tooManyArguments(id: string, extra: readonly string[], manifest: Interfaces.Manifest): BackupError {
  const { args = {}, flags = {} } = manifest.commands[id] ?? {};
  const taken = Object.keys(args).length;
  const takes = taken === 0 ? 'no argument' : `at most ${plural(taken, 'argument')}`;
  const words = extra.map((word) => `"${shorten(word)}"`).join(', ');
  const help = `migbackup ${asTyped(id)} --help lists arguments and flags.`;
  const part =
    taken === 0 && 'only' in flags
      ? `To name a part, give ${shellLine(extra.flatMap((word) => ['--only', shorten(word)]))}. `
      : '';
  return new BackupError(
    'USAGE',
    `${asTyped(id)} takes ${takes}: ${words} ${extra.length === 1 ? 'is' : 'are'} too many`,
    {
      hint: part === '' ? `Leave ${extra.length === 1 ? 'it' : 'them'} out. ${help}` : `${part}${help}`,
    },
  );
}

/** USAGE for a first word that is not a command, or for words after a command that takes none; undefined if all is fine. */
export function unknownCommand(argv: readonly string[], manifest: Interfaces.Manifest): BackupError | undefined {
  const id = commandIdOf(argv, manifest);
  if (id === undefined || isTopicAlone(argv, id, manifest)) return undefined;
  const command = manifest.commands[id];
  // oclif would take such words for a part of the command's name.
  if (command) return command.strict === false ? undefined : wordsBehind(id, argv, manifest);
  if (!id.startsWith('-'))
    return noSuchCommand(commandsOfTopic(id, manifest).length > 0 ? argv.slice(0, 2) : [id], manifest);
  if (['--help', '-h', '--version'].includes(id)) return undefined;
  return new BackupError('USAGE', `expected a command before ${shorten(id)}`, {
    hint: MEANT[id] ?? 'Flags come after the command, for example: migbackup create --json',
  });
}

function wordsBehind(id: string, argv: readonly string[], manifest: Interfaces.Manifest): BackupError | undefined {
  if (Object.keys(manifest.commands[id]?.args ?? {}).length > 0) return undefined;
  const rest = argv.slice((argv[0] === 'backup' ? 1 : 0) + id.split(':').length);
  const firstFlag = rest.findIndex((word) => word.startsWith('-'));
  const extra = firstFlag === -1 ? rest : rest.slice(0, firstFlag);
  return extra.length === 0 ? undefined : tooManyArguments(id, extra, manifest);
}
