import path from 'node:path';
import { shorten } from '../paths/names.ts';
import type { Finding } from '../model/finding.ts';
import { MANIFEST_FILE } from '../format/layout.ts';
import { readVersion1Manifest } from '../format/version1.ts';

/** The keys of the manifest's categories, with our names for them. */
const NAMES: Readonly<Record<string, string>> = { legacyJson: 'legacy-json', unifiedJson: 'unified-json' };

export interface Counted {
  readonly files: number;
  readonly bytes: number;
}

/** Limits a value for a message, because a manifest may hold megabytes or endlessly nested lists. */
function bounded(stated: unknown): unknown {
  if (typeof stated === 'object' && stated !== null) return Array.isArray(stated) ? 'a list' : 'an object';
  return typeof stated === 'string' ? shorten(stated) : stated;
}

/** Every statement in the manifest of a version 1 backup that its bytes contradict. It is reported, and the manifest is never believed. */
export function manifestContradictions(folder: string, counted: ReadonlyMap<string, Counted>): Finding[] {
  const findings: Finding[] = [];
  const say = (message: string, evidence: Record<string, unknown> = {}): void => {
    findings.push({ code: 'manifest-contradicts', severity: 'warning', message, path: MANIFEST_FILE, evidence });
  };
  const manifest = readVersion1Manifest(folder);
  if (manifest === null) {
    say(`${MANIFEST_FILE} is missing or not a JSON object`);
    return findings;
  }
  const compare = (key: string, said: unknown, found: unknown): void => {
    if (said === undefined || said === found) return;
    const stated = bounded(said);
    say(`manifest ${key} says ${JSON.stringify(stated)}, found ${JSON.stringify(found)}`, { key, stated, found });
  };
  const total = (figure: keyof Counted): number => [...counted.values()].reduce((sum, one) => sum + one[figure], 0);
  compare('backupId', manifest['backupId'], path.basename(folder));
  compare('totalFiles', manifest['totalFiles'], total('files'));
  compare('totalSize', manifest['totalSize'], total('bytes'));
  const stated = manifest['categories'];
  if (typeof stated !== 'object' || stated === null) return findings;
  for (const [name, facts] of Object.entries(stated)) {
    const key = shorten(name);
    const found = counted.get(NAMES[key] ?? key);
    if (found === undefined) {
      say(`manifest names a category ${JSON.stringify(key)} that has no files here`, { key });
      continue;
    }
    compare(`categories.${key}.files`, Object(facts)['files'], found.files);
    compare(`categories.${key}.sizeBytes`, Object(facts)['sizeBytes'], found.bytes);
  }
  for (const name of counted.keys())
    if (!Object.keys(stated).some((key) => (NAMES[key] ?? key) === name))
      say(`manifest does not name the category ${name}`);
  return findings;
}
