import { expect, test } from 'vitest';
import { parsePercent } from '../../src/cli/percent.ts';
import { isInteractive, progressLine } from '../../src/cli/progress.ts';
import { shellLine } from '../../src/core/model/shell-quote.ts';
import { parseTags } from '../../src/cli/tags.ts';

test('parsePercent takes (0, 100]', () => {
  expect(parsePercent('10%')).toBe(10);
  expect(parsePercent('0.5')).toBe(0.5);
  expect(parsePercent('100')).toBe(100);
  for (const word of ['0', '100.1', '-1', 'ten', '', '10%%', '1e1']) {
    expect(() => parsePercent(word), word).toThrow(/--sample/);
  }
});

test('parseTags splits at the first equal sign', () => {
  expect(parseTags(['a=b=c', 'empty='])).toEqual({ a: 'b=c', empty: '' });
  expect(() => parseTags(['=x'])).toThrow(/KEY=VALUE/);
});

test('shellLine quotes what a shell would read otherwise', () => {
  expect(shellLine(['migbackup', 'restore', "it's", 'docs/*.md', '--yes'])).toBe(
    `migbackup restore 'it'\\''s' 'docs/*.md' --yes`,
  );
});

test('nobody is asked in CI or without a terminal', () => {
  expect(isInteractive({ isTTY: true }, {})).toBe(true);
  expect(isInteractive({ isTTY: true }, { CI: 'true' })).toBe(false);
  expect(isInteractive({ isTTY: true }, { CI: 'false' })).toBe(true);
  expect(isInteractive({}, {})).toBe(false);
});

test('progressLine says phase, share, files, bytes, rate and time left, within the width', () => {
  const phase = { name: 'archive', begun: 0, totalFiles: 10, totalBytes: 2_097_152, files: 5, bytes: 1_048_576 };
  expect(progressLine(phase, 1000, 120)).toBe(
    'archive     [########--------]  50%  5/10 files  1.0 MiB  1.0 MiB/s  1.0 s left',
  );
  expect(progressLine(phase, 1000, 60)).toBe('archive     [########--------]  50%  5/10 files  1.0 MiB');
  expect(progressLine(phase, 1000, 8)).toBe('archive');
});
