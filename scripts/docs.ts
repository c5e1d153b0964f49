/** Writes the generated parts of the documentation: docs/findings.md, docs/presets.md, and the tables of docs/cli-json.md and README.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withPart } from './docs/markdown.ts';
import { presetsPage } from './docs/presets.ts';
import * as tables from './docs/tables.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const FINDINGS_PAGE = `# Findings

<!-- npm run docs writes this page from src/core/model/finding-codes.ts -->

A finding is something wrong or worth knowing that an operation names without ending for it: reports list them under \`findings\`, each with
a \`code\` from this table, its \`severity\`, a \`message\`, and what it is about. An error means that something cannot be relied on, a warning that
somebody should look at it, and an info that it is good to know; a manifest or report of another version may have codes that are not here.

${tables.findingTable()}
`;

/** Page -> its generated parts. */
const PARTS = {
  'README.md': { 'exit codes': tables.exitTable() },
  'docs/cli-json.md': {
    documents: tables.documentTable(),
    checks: tables.checkTable(),
    'exit codes': tables.exitAndErrorTable(),
    'error codes': tables.errorTable(),
  },
};

function read(page: string): string {
  return existsSync(`${root}/${page}`) ? readFileSync(`${root}/${page}`, 'utf8') : '';
}

/** Every page that has something generated, and the text that it should have. */
function docTexts(): Map<string, string> {
  const texts = new Map([
    ['docs/findings.md', FINDINGS_PAGE],
    ['docs/presets.md', presetsPage()],
  ]);
  for (const [page, parts] of Object.entries(PARTS)) {
    const text = Object.entries(parts).reduce((whole, [part, body]) => withPart(whole, part, body), read(page));
    texts.set(page, text);
  }
  return texts;
}

/** The pages that are not what the code says. */
export function staleDocs(): string[] {
  return [...docTexts()].filter(([page, text]) => read(page) !== text).map(([page]) => page);
}

if (import.meta.main) for (const [page, text] of docTexts()) writeFileSync(`${root}/${page}`, text);
