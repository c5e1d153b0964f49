import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Phrases that CONTRIBUTING.md ("Style", "English") bans because readers stop at them. */
const BANNED = [
  /\b(?:and|or|one|it|that|any) (?:is|are) none\b(?! of)/,
  /\bnot unheard\b/i,
  /\b(?:Mend|mends|mended)\b/,
  /\bgoes again\b/i,
  /\bnobody said yes\b/i,
  /\bwhat goes of\b/i,
  /\bbegun anew\b/i,
  /\b(?:put|puts) by for\b/i,
  /\bit is one then\b/i,
];

/** A capital letter, or what the caller puts there; a command may begin as it is typed. */
const BEGINS_WELL = /^(?:[A-Z…]|`|migbackup )/;
/** A full stop or a question mark, or what the caller puts there; a line to paste after a colon ends as it is typed. */
const ENDS_WELL = /(?:[.?…]|: (?:migbackup |--).*)$/;

function filesBelow(folder: string, ends: RegExp): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join(folder, file.split(path.sep).join('/')))
    .filter((file) => ends.test(file));
}

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** The texts that an expression can be, as far as the file alone tells; `…` where something is put in. */
function textsOf(node: unknown): string[] {
  if (!isNode(node)) return [];
  const { type, value, quasis, consequent, alternate, left, right } = node;
  if (type === 'Literal') return typeof value === 'string' && value !== '' ? [value] : [];
  if (type === 'TemplateLiteral') return [quasis?.map((each) => each.value.cooked).join('…') ?? ''];
  if (type === 'ConditionalExpression') return [...textsOf(consequent), ...textsOf(alternate)];
  return type === 'LogicalExpression' ? [...textsOf(left), ...textsOf(right)] : [];
}

function hintsIn(code: string): string[] {
  const hints: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    else if (typeof node === 'object' && node !== null) {
      if (isNode(node) && node.type === 'Property' && node.key?.name === 'hint') hints.push(...textsOf(node.value));
      Object.values(node).forEach(visit);
    }
  };
  visit(parseAst(code, { lang: 'ts' }));
  return hints;
}

interface Node {
  readonly type: string;
  readonly key?: { readonly name?: string };
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly cooked: string } }[];
  readonly consequent?: unknown;
  readonly alternate?: unknown;
  readonly left?: unknown;
  readonly right?: unknown;
}

function isNode(node: unknown): node is Node {
  return typeof node === 'object' && node !== null && 'type' in node && typeof node.type === 'string';
}

const isBad = (hint: string): boolean => !BEGINS_WELL.test(hint) || !ENDS_WELL.test(hint);

test('each hint begins with a capital letter or a command, and ends with a full stop or a line to paste', () => {
  const hints = filesBelow('src', /\.ts$/).flatMap((file) => hintsIn(read(file)).map((hint) => [file, hint] as const));
  expect(hints.length).toBeGreaterThan(150);
  expect(hints.filter(([, hint]) => isBad(hint))).toEqual([]);
});

test('how many files there are is said by plural(), so that one of them is 1 file', () => {
  const texts = filesBelow('src', /\.ts$/).flatMap((file) => {
    const found = read(file).match(/\$\{[^{}]*\} (?:files|entries|problems|more problems|rows)\b/g) ?? [];
    return found.map((text) => `${file}: ${text}`);
  });
  expect(texts).toEqual([]);
});

test('a hint that breaks the rule would be seen', () => {
  const code = "fail('x', { hint: late ? 'give another' : 'Wait' }); fail('y', { hint: `Run: migbackup undo ${id}` });";
  expect(hintsIn(code).filter(isBad)).toEqual(['give another', 'Wait']);
});

test('no phrase that the style page bans is in the code, the documents or the changelog', () => {
  const files = [
    ...filesBelow('src', /\.ts$/),
    ...filesBelow('docs', /\.md$/),
    'README.md',
    'SECURITY.md',
    'CHANGELOG.md',
  ];
  const found = files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, at) => (BANNED.some((phrase) => phrase.test(line)) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
