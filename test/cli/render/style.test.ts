import { expect, test } from 'vitest';
import { table, wrap } from '../../../src/cli/render/style.ts';

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
