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

test('many of one kind are cut, counted, and advised once; other kinds are still seen', () => {
  const kind = (code: string, count: number) =>
    Array.from({ length: count }, () => ({
      code,
      severity: 'info' as const,
      message: code,
      recommendation: `do ${code}`,
    }));
  const lines = renderFindings([...kind('a', 25), ...kind('b', 1)], plain);
  const a = ['  - a', '  - a', '  - a', '    and 22 more of this kind: --json lists all of them', '    -> do a'];
  expect(lines).toEqual([...a, '  - b', '    -> do b']);
});
