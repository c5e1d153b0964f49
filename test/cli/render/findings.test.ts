import { expect, test } from 'vitest';
import { renderFindings } from '../../../src/cli/render/findings.ts';
import type { Paint } from '../../../src/cli/render/style.ts';

const same = (text: string) => text;
const plain: Paint = { good: same, warn: same, bad: same, dim: same, bold: same };

test('errors come first, and names cannot write to the terminal', () => {
  const lines = renderFindings(
    [
      { code: 'a', severity: 'warning', message: 'odd' },
      {
        code: 'b',
        severity: 'error',
        message: 'altered',
        path: 'evil\u001b[2J\u202ename',
        affects: ['1', '2', '3', '4'],
      },
    ],
    plain,
  );
  expect(lines).toEqual([
    '  x evil\\x1b[2J\\u{202e}name: altered',
    '    affects 4 files: 1, 2, 3 and 1 more',
    '  ! odd',
  ]);
});

test('a long list is cut and says by how much', () => {
  const many = Array.from({ length: 25 }, () => ({ code: 'a', severity: 'info' as const, message: 'm' }));
  const lines = renderFindings(many, plain);
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toContain('5 more findings');
});
