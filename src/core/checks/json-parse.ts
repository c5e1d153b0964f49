import { escapeName } from '../paths/names.ts';
import type { ScannedEntry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { parseJson } from '../records/json.ts';

/** Bigger files are stored like any other, but they are not parsed: no registry is that big. */
export const MAX_JSON_BYTES = 64 << 20;

/**
 * Files whose tools read JSON with comments: TypeScript, VS Code, dev containers, ESLint, Babel, SWC, API Extractor, TypeDoc, Rush, Nx, Turborepo, Deno,
 * Biome, oxlint, Renovate, and our own config. Whether they parse is for these tools to say.
 */
const HAS_COMMENTS =
  /(?:^|\/)(?:(?:ts|js)config[^/]*|tslint|typedoc|api-extractor[^/]*|devcontainer|\.?eslintrc|\.babelrc|babel\.config|\.swcrc|rush|nx|project|turbo|deno|biome|\.oxlintrc|renovate|migbackup\.config)\.json$|(?:^|\/)(?:\.vscode|\.devcontainer|common\/config\/rush)\/[^/]+\.json$/i;

/** Reports a `.json` file that does not parse: that is worth knowing before a migration reads it. A byte order mark is tolerated. */
export function checkJson(entry: ScannedEntry, content: Buffer, onFinding: (finding: Finding) => void): void {
  if (content.length > MAX_JSON_BYTES || HAS_COMMENTS.test(entry.path)) return;
  try {
    parseJson(content);
  } catch (error) {
    onFinding({
      code: 'invalid-json',
      severity: 'warning',
      message: `${escapeName(entry.path)} is not valid JSON${content.length === 0 ? ': it is empty' : ''}`,
      path: entry.path,
      category: entry.category,
      source: entry.source,
      evidence: { why: error instanceof Error ? escapeName(error.message).slice(0, 200) : '' },
      recommendation: 'It is stored as it is. Correct it before something depends on it.',
    });
  }
}
