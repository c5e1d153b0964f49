import { expect, test } from 'vitest';
import { table, wrap } from '../../../src/cli/render/style.ts';
import { wordsOf } from '../../../src/cli/render/command-lines.ts';

test('wrap breaks at spaces, indents later lines and leaves long words whole', () => {
  const long = 'x'.repeat(70);
  const text = wrap(
    `some words that do not fit on a line of sixty columns at all, and ${long} at the end`,
    '  ! ',
    4,
    60,
  );
  const lines = text.split('\n');
  expect(lines[0]).toMatch(/^ {2}! some words/);
  expect(lines).toContain(`    ${long}`);
  expect(lines.filter((line) => line.length > 60)).toEqual([`    ${long}`]);
});

test('table aligns columns and leaves no spaces at the ends', () => {
  const rows = [
    ['leveldb', '12 files', 'x'],
    ['docs', '3 files', ''],
  ];
  expect(table(rows, ['left', 'right', 'left'])).toEqual(['  leveldb  12 files  x', '  docs      3 files']);
});

test('wrap counts what the first line begins with, and no colours', () => {
  const first = '  what is changed since then: ';
  expect(wrap('one two three', first, 4, 36)).toBe(`${first}one\n    two three`);
  expect(wrap('one \u001b[31mtwo\u001b[39m three', '', 0, 13)).toBe('one \u001b[31mtwo\u001b[39m three');
});

test.each([
  ['run: migbackup restore x --only leveldb --yes', 'migbackup restore x --only leveldb --yes'],
  ['migbackup list shows the others', 'migbackup list'],
  ["run: cd '/my project' && migbackup undo, then go on", "cd '/my project' && migbackup undo,"],
  ["Run: chmod u+rwX -- '/it'\\''s mine/a', then again", "chmod u+rwX -- '/it'\\''s mine/a',"],
  ['see migbackup db get a --key b (or not)', 'migbackup db get a --key b'],
  ['migbackup restore ID. Without it', 'migbackup restore ID.'],
  ['(migbackup verify migration-2026-11-23T07-38-00-123Z)', '(migbackup verify migration-2026-11-23T07-38-00-123Z)'],
  ['migbackup guard -- sh -c true of all', 'migbackup guard -- sh -c true of all'],
])('%s: a command line is one word', (text, line) => {
  expect(wordsOf(text)).toContain(line);
  expect(wordsOf(text).join(' ')).toBe(text);
});

test('a text of any length is broken in no time', () => {
  const hostile = 'cd -- a '.repeat(50_000);
  const began = performance.now();
  expect(wordsOf(hostile).join(' ')).toBe(hostile);
  // Where each word was compared with all others it took minutes.
  expect(performance.now() - began).toBeLessThan(10_000);
});
