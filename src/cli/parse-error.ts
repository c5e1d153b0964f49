import { stripVTControlCharacters } from 'node:util';
import { Errors, type Interfaces } from '@oclif/core';
import { BackupError } from '../core/model/backup-error.ts';
import { nearest } from '../core/model/nearest.ts';
import { shorten } from '../core/paths/names.ts';
import { asTyped, commandIdOf, noSuchCommand, tooManyArguments } from './usage-error.ts';

type Command = Interfaces.Manifest['commands'][string];

/** The command line that could not be parsed. */
interface Line {
  readonly argv: readonly string[];
  readonly typed: string;
  readonly command: Command | undefined;
}

/** What is wrong with a command line, and what to do about it if reading the help is not enough. */
type Said = readonly [message: string, advice?: string | undefined];

/** Turns what oclif's parser throws into USAGE, a sentence and a hint; anything else comes back unchanged. */
export function asUsageError(error: unknown, argv: readonly string[], manifest: Interfaces.Manifest): unknown {
  if (!(error instanceof Errors.CLIError)) return error;
  const id = commandIdOf(argv, manifest) ?? '';
  const line = { argv, typed: asTyped(id), command: manifest.commands[id] };
  const text = stripVTControlCharacters(error.message).replace('\nSee more help with --help', '');
  const unknown = /^Command ([\s\S]+) not found\.$/.exec(text)?.[1];
  if (unknown !== undefined) return noSuchCommand(unknown.split(':'), manifest);
  const extra = error.constructor.name === 'UnexpectedArgsError' ? listIn(error, 'args').map(String) : [];
  if (extra.length > 0) return tooManyArguments(id, extra, manifest);
  const [message, advice] = sayWrong(error, text, line);
  const help = `migbackup ${line.typed} --help lists arguments and flags.`;
  return new BackupError('USAGE', message, { hint: advice === undefined ? help : `${advice} ${help}`, cause: error });
}

function sayWrong(error: Errors.CLIError, text: string, line: Line): Said {
  const [flag] = listIn(error, 'flags').map(String);
  if (flag !== undefined) return unknownFlag(flag, line);
  if (error.constructor.name === 'RequiredArgsError') return missingArguments(listIn(error, 'args'), line);
  return together(text) ?? ofValue(text, line) ?? [text.replaceAll(/\s+/g, ' ').trim()];
}

function listIn(error: Error, key: string): unknown[] {
  const value: unknown = Reflect.get(error, key);
  return Array.isArray(value) ? value : [];
}

function unknownFlag(flag: string, { typed, command }: Line): Said {
  const known = Object.keys(command?.flags ?? {});
  const message = `${typed} has no flag ${shorten(flag)}`;
  if (flag === '-n') {
    const dry = known.includes('dry-run') ? 'Did you mean --dry-run?' : undefined;
    return [
      message,
      dry ??
        (typed === 'create' || typed === 'guard'
          ? 'migbackup validate checks whether a backup would work, and takes none.'
          : undefined),
    ];
  }
  if (flag === '-v' || flag === '-V') {
    const verbose = known.includes('verbose')
      ? 'Did you mean --verbose?'
      : 'With --log-level debug it says more about what it does.';
    return [message, `${verbose} migbackup --version prints the version.`];
  }
  const meant = nearest(flag.replace(/^-+/, ''), known);
  return [message, meant === undefined ? undefined : `Did you mean --${meant}?`];
}

function missingArguments(missing: readonly unknown[], { typed, command }: Line): Said {
  const all = Object.values(command?.args ?? {});
  const names = missing.map((argument) => String(Reflect.get(Object(argument), 'name')).toUpperCase());
  const words = all.map(({ name, required }) => (required === true ? name.toUpperCase() : `[${name.toUpperCase()}]`));
  return [
    `${typed} needs ${names.join(' and ')}, which ${names.length === 1 ? 'is' : 'are'} missing`,
    `Write migbackup ${typed} ${words.join(' ')}.`,
  ];
}

/** Flags that exclude or need each other. */
function together(text: string): Said | undefined {
  const not = /^\s*--([\w-]+)(?:=[\s\S]*?)? cannot also be provided when using --([\w-]+)/m.exec(text);
  if (not) return [`--${not[2]} and --${not[1]} exclude each other`, 'Leave one of them out.'];
  const needs = /All of the following must be provided when using --([\w-]+): --([\w-]+)/.exec(text);
  return needs
    ? [`--${needs[1]} needs --${needs[2]}`, `Give --${needs[2]} too, or leave --${needs[1]} out.`]
    : undefined;
}

/** A value that its flag does not take. */
function ofValue(text: string, line: Line): Said | undefined {
  const without = /^Flag --([\w-]+) expects (?:a value|one of these values: (.+))$/.exec(text);
  if (without) return [`--${without[1]} needs a value${without[2] === undefined ? '' : `: ${oneOf(without[2])}`}`];
  const twice = /^Flag --([\w-]+) can only be specified once$/.exec(text);
  if (twice) return [`--${twice[1]} is given more than once`, 'Give it once.'];
  const other = /^Expected --([\w-]+)=([\s\S]*) to be one of: (.+)$/.exec(text);
  if (other) return [`${givenAs(other[1], line)} takes ${oneOf(other[3])}, not "${shorten(other[2] ?? '')}"`];
  const number =
    /^Parsing --([\w-]+)\s+Expected an integer (?:(less|greater) than or equal to (-?\d+) )?but received: ([\s\S]*)$/.exec(
      text,
    );
  if (!number) return undefined;
  const [, flag, bound, limit, value = ''] = number;
  const name = givenAs(flag, line);
  if (limit === undefined) return [`${name} takes a whole number, not "${shorten(value)}"`];
  return [`${name} takes ${bound === 'less' ? 'at most' : 'at least'} ${limit}, not ${shorten(value)}`];
}

const oneOf = (options = ''): string => options.replace(/, ([^,]+)$/, ' or $1');

/** How a flag was given: if it is not among the words, its value came from its environment variable. */
function givenAs(flag = '', { argv, command }: Line): string {
  const typed = argv.some((word) => word === `--${flag}` || word.startsWith(`--${flag}=`));
  const env = command?.flags[flag]?.env;
  return typed || env === undefined ? `--${flag}` : env;
}
