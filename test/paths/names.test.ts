import { expect, test } from 'vitest';
import { asPattern, nameMatcher } from '../../src/core/paths/names.ts';

test.each([
  ['31337-*', '31337-LookCoin', true],
  ['31337-*', '1-LookCoin', false],
  ['*', '', true],
  ['a*b*c', 'aXbYc', true],
  ['a*b*c', 'acb', false],
  ['ab*ba', 'aba', false],
  ['*a*a*', 'ba', false],
  ['a.c', 'abc', false],
  ['', 'a', false],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['a\\*', 'a\\*', false],
  ['a\\\\*', 'a\\\\b', true],
  ['a\\\\*', 'a*', false],
  ['a\\\\\\*', 'a\\\\*', true],
  ['a\\\\\\*', 'a\\\\b', false],
  ['\\x0a*', '\\x0ab', true],
  ['a\\', 'a\\', true],
])('the pattern %j and the name %j: %j', (pattern, name, matches) => {
  expect(nameMatcher(pattern)(name)).toBe(matches);
});

test.each(['a', '*', 'perm:*', 'a\\\\', 'a\\\\*\\x0a', '**'])('the pattern for %j matches it alone', (name) => {
  const matches = nameMatcher(asPattern(name));
  expect(matches(name)).toBe(true);
  expect(['', 'perm:a', `${name}b`, name.replace('*', 'b') + 'b'].filter(matches)).toEqual([]);
});
