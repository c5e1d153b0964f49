import path from 'node:path';
import { pathWord, shellLine } from '../core/model/shell-quote.ts';

/** The commands that a text may name; all of them take the flags below. */
export const COMMANDS = [
  'create',
  'db diff',
  'db digest',
  'db get',
  'db ls',
  'diff',
  'export',
  'guard',
  'init',
  'key drill',
  'key new',
  'key reseal',
  'list',
  'preset list',
  'preset show',
  'prune',
  'pull',
  'push',
  'reconcile',
  'recover',
  'remote check',
  'remote init',
  'report',
  'require',
  'restore',
  'show',
  'sign',
  'status',
  'undo',
  'validate',
  'verify',
] as const;

/** Flags that say which project and repository a command is about. */
const PLACE = ['--root', '--backups', '--config'];

const LINE = new RegExp(`(?<![\\w/.-])migbackup (?:${COMMANDS.join('|')})(?![\\w-])`, 'g');

/**
 * Completes the command lines in a text (`migbackup undo`), so that the user can paste them: each gets the `--root`, `--backups` and `--config`
 * that this run was given, unless it names them already. Only for texts of our own: what is quoted from elsewhere must stay as it is.
 */
export function pasteable(text: string, argv: readonly string[] = process.argv.slice(2)): string {
  const given = placeFlags(argv);
  if (given.length === 0) return text;
  return text.replaceAll(LINE, (line: string, at: number) => {
    const rest = text.slice(at + line.length).split(/\n|[;.] |migbackup /)[0] ?? '';
    const missing = given.filter(([flag]) => !new RegExp(`(^|\\s)${flag}(=|\\s|$)`).test(rest));
    return [line, ...missing.map(([flag, value]) => shellLine([flag, pathWord(value)]))].join(' ');
  });
}

/**
 * How a line names a backup: by its id if it is one of the repository, or a copy in the remote that this run was given; otherwise by the path of its folder
 * or of the exported file.
 * @param repository absolute. If it is not known, a folder that is called as the backup counts as one of it
 */
export function backupWords(
  { backupId, folder }: { readonly backupId: string; readonly folder: string },
  repository = path.dirname(folder),
  argv: readonly string[] = process.argv.slice(2),
): string[] {
  if (/^(s3|file):\/\//.test(folder))
    return [backupId, ...flagsOf(argv, ['--remote', '--copy']).flat(), ...argv.filter((word) => word === '--insecure')];
  return [folder === path.join(repository, backupId) ? backupId : folder];
}

/** Makes every next step in a report pasteable. It changes the report itself, because a copy may be a million entries long. */
export function makePasteable(report: unknown, argv: readonly string[] = process.argv.slice(2)): void {
  const given = placeFlags(argv);
  if (given.length === 0) return;
  const root = given.find(([flag]) => flag === '--root')?.[1];
  const next = (line: unknown): unknown =>
    typeof line !== 'string' || line.startsWith('migbackup ') || root === undefined
      ? complete(line)
      : `${shellLine(['cd', pathWord(root)])} && ${line}`;
  const complete = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(complete);
    return typeof value === 'string' ? pasteable(value, argv) : value;
  };
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'next' && Array.isArray(value)) Reflect.set(node, key, value.map(next));
      else if (key === 'recommendation' || key === 'recommendations') Reflect.set(node, key, complete(value));
      else visit(value);
    }
  };
  visit(report);
}

function placeFlags(argv: readonly string[]): [flag: string, value: string][] {
  return flagsOf(argv, PLACE);
}

/** The last occurrence of each of these flags, with its value. After `--` no word is ours. */
function flagsOf(argv: readonly string[], flags: readonly string[]): [flag: string, value: string][] {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  return flags.flatMap((flag) => {
    const at = own.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
    const word = own[at];
    const value = word === flag ? own[at + 1] : word?.slice(flag.length + 1);
    return value === undefined ? [] : [[flag, value] as [string, string]];
  });
}
