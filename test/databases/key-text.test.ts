import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyText, parseKeyText } from '../../src/core/databases/key-text.ts';
import { escapeName } from '../../src/core/paths/names.ts';
import { ODD_KEYS } from '../support/db-project.ts';

describe('keys as they are printed', () => {
  test.each(ODD_KEYS)('%s', (key, text) => {
    expect(keyText(key)).toBe(text);
    expect(parseKeyText(text)).toEqual(key);
  });

  test('any bytes are one line without control characters, and come back', () => {
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
      fc
        .string({ unit: fc.constantFrom('\\', 'x', '4', '1', ' ', '\n', 'é', '\u202e') })
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(some, (key) => {
        const text = keyText(key);
        expect(escapeName(text)).toBe(text);
        expect(parseKeyText(text)).toEqual(key);
      }),
    );
  });

  test.each(['a\\b', '\\', '\\x', '\\xg0', '\\x4'])('%s says no bytes', (text) => {
    expect(() => parseKeyText(text)).toThrow('a backslash in');
  });
});
