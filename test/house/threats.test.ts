import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

/* docs/security.md names a test for each thing that somebody cannot do. */
const tests = path.join(import.meta.dirname, '..');
const page = readFileSync(path.join(tests, '../docs/security.md'), 'utf8');
const rows = [...page.matchAll(/^\|.*\| `([\w/.-]+\.test\.ts)`: (.+) \|$/gm)].map(([, file = '', title = '']) => ({
  file,
  title,
}));

test('there are as many rows as the table has', () => {
  const [, table = ''] = page.split('## Who can do what');
  const lines = (table.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  expect(rows.length).toBe(lines.length - 2);
  expect(rows.length).toBeGreaterThan(10);
});

test.each(rows)('$file has "$title"', ({ file, title }) => {
  const at = path.join(tests, file);
  expect(existsSync(at)).toBe(true);
  expect(readFileSync(at, 'utf8')).toContain(`'${title}'`);
});
