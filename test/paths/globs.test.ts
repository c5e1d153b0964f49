import fc from 'fast-check';
import picomatch from 'picomatch';
import { expect, test } from 'vitest';
import { escapeGlob, globProblem, unescapeGlob } from '../../src/core/paths/globs.ts';

test.each([
  '**/*.s.sol/**/run-*.json',
  'deploy-*-*-*.json',
  '**/*.{pem,key,p12,pfx}',
  'hardhat.config.*',
  'notes (1).md',
  'a[0-9]+.json',
  '!(a|b).json',
  '@(x|y)/**',
])('%s is a pattern', (pattern) => expect(globProblem(pattern)).toBeNull());

test.each([
  '',
  '*a*a*a*b',
  '**/a/**/a/**/a/**/b',
  '*(a*)b',
  '(a+)+b',
  '+(a|!(b))',
  '{a,aa}+b',
  '[a]+[a]+[a]+[a]+b',
  '!(b)!(b)!(b)!(b)c',
  '('.repeat(60_000),
  '['.repeat(60_000),
  '{a,aa}'.repeat(40),
  'a'.repeat(2000),
  'a\0b',
  '\u001b[2J',
])('%j is refused', (pattern) => expect(globProblem(pattern)).toEqual(expect.any(String)));

test('what is not refused compiles, and is quick on names that are made to be slow', () => {
  const pieces = '* ** / a b ? [a] [!a] [ ] {a,aa} { } , ( ) (a|aa) | ! + @ \\ . .. {1..9} *( +( ^ $ -'.split(' ');
  const piece = fc.constantFrom(...pieces);
  const pattern = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
  const names = ['a'.repeat(120), `${'a'.repeat(20)}/`.repeat(8)];
  fc.assert(
    fc.property(pattern, (glob) => {
      fc.pre(globProblem(glob) === null);
      const matches = picomatch(glob, { dot: true });
      const before = process.cpuUsage().user;
      for (const name of names) matches(name);
      expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(1);
    }),
    { numRuns: 300 },
  );
});

test('an escaped name is no pattern, and spells the name', () => {
  const name = fc.string({
    unit: fc.constantFrom(...'a b . * ? [ ] { } ( ) ! + @ | , - ^ $'.split(' ')),
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(name, (text) => {
      expect(picomatch.scan(escapeGlob(text)).isGlob).toBe(false);
      expect(unescapeGlob(escapeGlob(text))).toBe(text);
      expect(globProblem(escapeGlob(text.repeat(40)))).toBeNull();
    }),
  );
});
