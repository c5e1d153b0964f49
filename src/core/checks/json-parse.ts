import { escapeName } from '../paths/names.ts';
import type { ScannedEntry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { parseJson } from '../records/json.ts';

/** Bigger files are stored like any other, but they are not parsed: no registry is that big. */
export const MAX_JSON_BYTES = 64 << 20;

/** Reports a `.json` file that does not parse: that is worth knowing before a migration reads it. A byte order mark is tolerated. */
export function checkJson(entry: ScannedEntry, content: Buffer, onFinding: (finding: Finding) => void): void {
  if (content.length > MAX_JSON_BYTES) return;
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
