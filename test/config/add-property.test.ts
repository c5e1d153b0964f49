import { parse, type ParseError } from 'jsonc-parser';
import { expect, test } from 'vitest';
import { addProperty } from '../../src/core/config/setup/add-property.ts';

test.each([
  ['{}', '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}'],
  ['{ /* c */ }', '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n /* c */ }'],
  ['{\n  // why\n}\n', '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n  // why\n}\n'],
  ['{\n\t"x": 1 // one\n}', '{\n\t"x": 1, // one\n\t"a": {\n\t\t"b": [\n\t\t\t1\n\t\t]\n\t}\n}'],
  ['{\n  "x": 1, // one\n  // more\n}', '{\n  "x": 1, // one\n  "a": {\n    "b": [\n      1\n    ]\n  }\n  // more\n}'],
  ['{ "x": {"a": 2}, "y": 1 }', '{ "x": {"a": 2}, "y": 1,\n  "a": {\n    "b": [\n      1\n    ]\n  }\n }'],
  ['{\n  "a": {"c": 1},\n  "y": 2\n}', '{\n  "a": {"c": 1,\n    "b": [\n      1\n    ]\n  },\n  "y": 2\n}'],
  [
    '{\r\n  "a": {\r\n    "c": 1\r\n  }\r\n}',
    '{\r\n  "a": {\r\n    "c": 1,\r\n    "b": [\r\n      1\r\n    ]\r\n  }\r\n}',
  ],
  [
    '{\n  "x": 1\n  /* before */ , "y": 2 /* of y */ /* more */\n}',
    '{\n  "x": 1\n  /* before */ , "y": 2, /* of y */ /* more */\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}',
  ],
])('%j', (text, expected) => {
  const written = addProperty(text, ['a', 'b'], [1]);
  expect(written).toBe(expected);
  const errors: ParseError[] = [];
  const value = parse(written, errors, { allowTrailingComma: true });
  expect(errors).toEqual([]);
  const before = parse(text);
  expect(value).toEqual({ ...before, a: { ...before.a, b: [1] } });
});
