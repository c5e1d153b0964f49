import { exitCodeOfError, EXIT } from '../../src/cli/exit-code.ts';
import { EXIT_MEANINGS } from '../../src/cli/exit-meanings.ts';
import { loaders } from '../../src/commands/index.ts';
import { ERROR_CODES } from '../../src/core/model/backup-error.ts';
import { CHECK_MEANINGS } from '../../src/core/model/check-meanings.ts';
import { ERROR_MEANINGS } from '../../src/core/model/error-meanings.ts';
import { FINDINGS } from '../../src/core/model/finding-codes.ts';
import type { FindingFacts } from '../../src/core/model/finding-codes/finding-facts.ts';
import { CHECK_IDS } from '../../src/core/model/validate-report.ts';
import { SOURCES } from '../schemas.ts';
import { code, table } from './markdown.ts';

/** Commands that print no documents: those that come with oclif, and one that prints the bytes of a value. */
const OTHERS = /^(?:(?:autocomplete|help)\b|db get$)/;

/** Which command prints which document. Throws if a command has none, or a document has no such command. */
export function documentTable(): string {
  const documents = Object.entries(SOURCES).flatMap(([file, { printedBy }]) =>
    printedBy === null ? [] : [{ file: `${file}.json`, printedBy }],
  );
  const commands = Object.keys(loaders).map((id) => id.replaceAll(':', ' '));
  const bare = new Set(commands.filter((command) => !OTHERS.test(command)));
  for (const { printedBy } of documents) {
    const [command = ''] = printedBy.split(/ ?--| [A-Z]/);
    if (command !== '' && !bare.has(command)) throw new Error(`scripts/schemas.ts: there is no command ${command}`);
  }
  const missing = [...bare].filter((command) => documents.every(({ printedBy }) => printedBy !== command));
  if (missing.length > 0) throw new Error(`scripts/schemas.ts names no document of: ${missing.join(', ')}`);
  const rows = documents.map(({ file, printedBy }) => [code(printedBy), link(file)]);
  return table(['command', 'document'], [...rows, ['any command that fails', link('error.json')]]);
}

function link(file: string): string {
  return `[${file}](../schemas/${file})`;
}

/** The table of the README. */
export function exitTable(): string {
  const rows = Object.values(EXIT).map((exit) => [String(exit), EXIT_MEANINGS[exit]]);
  return table(['exit', 'meaning'], rows);
}

/** The same with the error codes that give each. */
export function exitAndErrorTable(): string {
  const rows = Object.values(EXIT).map((exit) => {
    const codes = ERROR_CODES.filter((error) => exitCodeOfError(error) === exit);
    return [String(exit), EXIT_MEANINGS[exit], codes.map(code).join(', ')];
  });
  return table(['exit', 'meaning', 'error codes'], rows);
}

export function errorTable(): string {
  const rows = ERROR_CODES.map((error) => [code(error), String(exitCodeOfError(error)), ERROR_MEANINGS[error]]);
  return table(['error code', 'exit', 'when'], rows);
}

export function checkTable(): string {
  const rows = CHECK_IDS.map((id) => [code(id), CHECK_MEANINGS[id].group, CHECK_MEANINGS[id].ok]);
  return table(['check', 'group', '`ok` means'], rows);
}

/** Every finding code. Rows of their own name the subject of the codes below them. */
export function findingTable(): string {
  const rows = Object.entries(FINDINGS).flatMap(([subject, codes]) => [
    [`**${subject}**`, '', '', ''],
    ...Object.entries<FindingFacts>(codes).map(([finding, { severity, meaning, advice }]) => [
      code(finding),
      severity.join(', '),
      meaning,
      advice,
    ]),
  ]);
  return table(['code', 'severity', 'what it means', 'what to do'], rows);
}
