import { expect, test } from 'vitest';
import { COMMANDS, makePasteable, pasteable } from '../../src/cli/pasteable.ts';
import { loaders } from '../../src/commands/index.ts';

const GIVEN = ['undo', '--root', '../my project', '--backups=/b', '--dry-run'];
const PLACE = "--root '../my project' --backups /b";

test('every command of ours is known', () => {
  const ours = Object.keys(loaders).filter((id) => id !== 'help' && !id.startsWith('autocomplete'));
  expect(ours.map((id) => id.replaceAll(':', ' ')).toSorted()).toEqual([...COMMANDS]);
});

test.each([
  ['  Next: migbackup undo', `  Next: migbackup undo ${PLACE}`],
  ['run: migbackup restore ID --exact', `run: migbackup restore ${PLACE} ID --exact`],
  ['migbackup db digest X', `migbackup db digest ${PLACE} X`],
  [
    'migbackup list shows them; migbackup create takes one',
    `migbackup list ${PLACE} shows them; migbackup create ${PLACE} takes one`,
  ],
  // Words that are typed again name the place themselves.
  [
    "migbackup restore ID --root '../my project' --yes",
    "migbackup restore --backups /b ID --root '../my project' --yes",
  ],
  ['migbackup restore ID --root=x --backups y', 'migbackup restore ID --root=x --backups y'],
  ['migbackup create takes one; --backups DIR looks', `migbackup create ${PLACE} takes one; --backups DIR looks`],
  // No command lines.
  ['migbackup is not a dependency', 'migbackup is not a dependency'],
  ['migbackup undone, migbackup undo-x', 'migbackup undone, migbackup undo-x'],
  ['docs/migbackup undo.md', 'docs/migbackup undo.md'],
  ['migbackup --help', 'migbackup --help'],
])('%s', (text, expected) => {
  expect(pasteable(text, GIVEN)).toBe(expected);
  expect(pasteable(text, ['undo', '--dry-run'])).toBe(text);
});

test('what stands behind -- is no word of ours, and the last of two counts', () => {
  expect(pasteable('migbackup undo', ['guard', '--', 'x', '--root', 'y'])).toBe('migbackup undo');
  expect(pasteable('migbackup undo', ['guard', '--root', 'a', '--root', 'b'])).toBe('migbackup undo --root b');
});

test('in a report, only what says what to do next is changed', () => {
  const report = () => ({
    next: ['migbackup undo', 'npm ci'],
    recommendations: ['migbackup verify'],
    findings: [{ message: 'migbackup undo', recommendation: 'migbackup list' }],
    result: { command: ['migbackup', 'create'] },
  });
  const shown = report();
  makePasteable(shown, ['restore', '--root', '/p']);
  expect(shown).toEqual({
    next: ['migbackup undo --root /p', 'cd /p && npm ci'],
    recommendations: ['migbackup verify --root /p'],
    findings: [{ message: 'migbackup undo', recommendation: 'migbackup list --root /p' }],
    result: { command: ['migbackup', 'create'] },
  });
  const as = report();
  makePasteable(as, ['restore']);
  expect(as).toEqual(report());
});
