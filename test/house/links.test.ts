import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Paths in the repository, of the documents that people read. */
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join('docs', name.split(path.sep).join('/'))),
];

/** The paths that a document names: where its links lead, relative to itself, and decisions by their path. */
function pathsIn(document: string, text: string): string[] {
  const links = [...text.matchAll(/\]\((?!\w+:|#)([^)\s#]+)[^)]*\)/g)].map(([, to = '']) =>
    path.posix.join(path.posix.dirname(document), to),
  );
  return [...links, ...[...text.matchAll(/(?<![\w/.-])docs\/decisions\/[\w-]+\.md/g)].map(([page]) => page)];
}

test('each link in a document leads to a file that is there', () => {
  const found = DOCUMENTS.flatMap((document) =>
    pathsIn(document, readFileSync(path.join(ROOT, document), 'utf8')).map((to) => ({ document, to })),
  );
  expect(found.length).toBeGreaterThan(50);
  expect(found.filter(({ to }) => !existsSync(path.join(ROOT, to)))).toEqual([]);
});

test('a link that leads nowhere would be seen', () => {
  expect(
    pathsIn('docs/a.md', '[b](b.md#part), [c](../c.md), [d](https://d.e/f.md), docs/decisions/1.md, `docs/e.md`.'),
  ).toEqual(['docs/b.md', 'c.md', 'docs/decisions/1.md']);
});
