/*
 * Room "checks": each file checks one thing and says what is wrong with it, as findings (about a backup) or as check results (preflight/, about a
 * project). A check collects what it finds, and throws nothing but an interruption.
 */
import { escapeName } from '../paths/names.ts';
import { isInside } from '../paths/paths.ts';
import { comparePaths } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import type { Manifest, ManifestCategory, ManifestSource } from '../model/manifest.ts';
import { plural } from '../model/plural.ts';
import { makePartId, parseId, wholeOf } from '../format/id.ts';
import { absentProblem } from './absent-path.ts';
import { archiveFile, INDEX_FILE, SUMS_FILE } from '../format/layout.ts';

/** Checks whether the facts in a manifest agree with each other. It looks at no other file. */
export function checkManifestAgrees(manifest: Manifest): Finding[] {
  const findings: Finding[] = [];
  const wrong = (key: string, message: string, evidence: Record<string, unknown>, category?: string): void => {
    findings.push({
      code: 'manifest-contradicts',
      severity: 'error',
      message: `manifest ${key}: ${message}`,
      path: 'BACKUP_MANIFEST.json',
      ...(category === undefined ? {} : { category }),
      evidence: { key, ...evidence },
    });
  };
  const same = (key: string, actual: unknown, expected: unknown, category?: string): void => {
    if (actual !== expected)
      wrong(key, `says ${show(actual)}, but must be ${show(expected)}`, { actual, expected }, category);
  };

  const id = parseId(manifest.backupId);
  if (id === null) wrong('backupId', `${show(manifest.backupId)} is not a backup id`, {});
  else {
    same('kind', manifest.kind, id.kind);
    same('createdAt', manifest.createdAt, id.time.toISOString());
    const whole = wholeOf(manifest.backupId);
    if (whole !== null) same('backupId', manifest.backupId, makePartId(whole, manifest.config.only ?? []));
  }
  same('index.file', manifest.index.file, INDEX_FILE);
  same('checksums.file', manifest.checksums.file, SUMS_FILE);

  for (const [name, category] of Object.entries(manifest.categories))
    checkCategory(manifest, name, category, same, wrong);
  const categories = Object.values(manifest.categories);
  const sum = (figure: (c: ManifestCategory) => number): number =>
    categories.reduce((total, c) => total + figure(c), 0);
  same(
    'totals.files',
    manifest.totals.files,
    sum((c) => c.files),
  );
  same(
    'totals.bytes',
    manifest.totals.bytes,
    sum((c) => c.bytes),
  );
  same(
    'totals.archivedBytes',
    manifest.totals.archivedBytes,
    sum((c) => c.archive?.size ?? 0),
  );
  const entries = sum((c) => c.files + c.directories + c.symlinks);
  same('index.entries', manifest.index.entries, entries);
  same(
    'checksums.entries',
    manifest.checksums.entries,
    sum((c) => c.files),
  );
  const absent = manifest.absent ?? [];
  if (absent.some((path, at) => at > 0 && comparePaths(absent[at - 1] ?? '', path) >= 0))
    wrong('absent', 'is not in order', {});
  if (absent.length > 0 && manifest.kind !== 'safety')
    wrong('absent', 'is stated in a backup that is not a safety backup', {});
  for (const path of absent) {
    const problem = absentProblem(manifest, path);
    if (problem !== null) wrong('absent', `unsafe path ${escapeName(path)}: ${problem}`, { path });
  }
  return findings;
}

type Same = (key: string, actual: unknown, expected: unknown, category?: string) => void;
type Wrong = (key: string, message: string, evidence: Record<string, unknown>, category?: string) => void;

function checkCategory(manifest: Manifest, name: string, category: ManifestCategory, same: Same, wrong: Wrong): void {
  const key = `categories.${name}`;
  const entries = category.files + category.directories + category.symlinks;
  const sum = (figure: (s: ManifestCategory['sources'][number]) => number): number =>
    category.sources.reduce((total, source) => total + figure(source), 0);
  same(
    `${key}.files`,
    category.files,
    sum((s) => s.files),
    name,
  );
  same(
    `${key}.bytes`,
    category.bytes,
    sum((s) => s.bytes),
    name,
  );
  if ((category.archive !== undefined) !== entries > 0) {
    wrong(
      `${key}.archive`,
      entries > 0 ? 'is missing' : 'is named, but the category has no entries',
      { entries },
      name,
    );
  }
  const bare = category.status === 'empty' || category.status === 'absent';
  if (bare && category.files > 0)
    wrong(`${key}.status`, `says ${category.status}, but it holds ${plural(category.files, 'file')}`, {}, name);
  if (category.status === 'complete' && category.files + category.symlinks === 0)
    wrong(`${key}.status`, 'says complete, but it holds nothing', {}, name);
  const leftOut = manifest.findings.some((f) => f.code === ('left-out' satisfies FindingCode) && f.category === name);
  if (leftOut !== (category.status === 'partial')) {
    wrong(
      `${key}.status`,
      leftOut
        ? `says ${category.status}, but a finding says that files were left out`
        : 'says partial, but no finding says what was left out',
      {},
      name,
    );
  }
  if (category.archive !== undefined) {
    same(`${key}.archive.compression`, category.archive.compression, manifest.config.compression, name);
    same(`${key}.archive.file`, category.archive.file, archiveFile(name, category.archive.compression), name);
  }
  const configured = manifest.config.categories[name]?.sources ?? [];
  same(
    `${key}.sources`,
    category.sources.map((s) => s.name).join(', '),
    configured.map((s) => s.name).join(', '),
    name,
  );
  for (const source of category.sources) {
    const config = configured.find((candidate) => candidate.name === source.name);
    if (config === undefined) continue;
    for (const field of ['path', 'type', 'exclusive', 'external'] as const) {
      same(`${key}.sources.${source.name}.${field}`, source[field], config[field], name);
    }
    checkDatabases(manifest, `${key}.sources.${source.name}`, name, source, wrong);
  }
}

/** A database that was proven when the backup was taken must stay proven: its facts may not be missing from the manifest. */
function checkDatabases(manifest: Manifest, key: string, category: string, source: ManifestSource, wrong: Wrong): void {
  const databases = (source.databases ?? []).map((database) => database.path);
  if (new Set(databases).size < databases.length) wrong(`${key}.databases`, 'names a database twice', {}, category);
  const stray = databases.find((database) => !isInside(database, source.path));
  if (stray !== undefined) wrong(`${key}.databases`, `${escapeName(stray)} lies outside the source`, {}, category);
  const asFiles = manifest.findings.some(
    (f) => f.code === ('database-not-proven' satisfies FindingCode) && f.category === category,
  );
  if (source.type !== 'files' && source.files > 0 && databases.length === 0 && !asFiles)
    wrong(`${key}.databases`, 'is missing, though the source is a database that holds files', {}, category);
}

function show(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}
