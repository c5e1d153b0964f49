import fs from 'node:fs';
import path from 'node:path';
import type { Finding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import { decodeName, escapeBytes, escapeName } from '../paths/names.ts';
import { ARTIFACTS_FILE, INDEX_FILE, MANIFEST_FILE, PROCEDURES_FILE, SUMS_FILE } from '../format/layout.ts';

/** Every file that a backup with this manifest consists of, as paths in the backup folder. */
export function expectedArtifacts(manifest: Manifest): string[] {
  const archives = Object.values(manifest.categories).flatMap((category) => category.archive?.file ?? []);
  return [MANIFEST_FILE, INDEX_FILE, ...archives, SUMS_FILE, ARTIFACTS_FILE, PROCEDURES_FILE];
}

/** Missing, foreign and special files: a backup folder holds its artifacts and nothing else. */
export function checkFolderHolds(folder: string, manifest: Manifest): Finding[] {
  const expected = new Set(expectedArtifacts(manifest));
  const folders = new Set([...expected].map((file) => path.posix.dirname(file)).filter((dir) => dir !== '.'));
  const categoryOf = new Map(Object.entries(manifest.categories).map(([name, { archive }]) => [archive?.file, name]));
  const findings: Finding[] = [];
  const found = new Set<string>();
  for (const { name, stat } of walk(folder, '')) {
    if (stat === 'not-utf8') findings.push(foreign(name, 'a file that does not belong to this backup'));
    else if (expected.has(name)) {
      found.add(name);
      if (!stat.isFile()) findings.push(missing(name, 'is not a regular file', categoryOf.get(name)));
    } else if (!(stat.isDirectory() && folders.has(name)))
      findings.push(foreign(name, 'does not belong to this backup'));
  }
  for (const file of expected) {
    if (!found.has(file)) findings.push(missing(file, 'is missing', categoryOf.get(file)));
  }
  return findings;
}

function* walk(folder: string, prefix: string): Generator<{ name: string; stat: fs.Stats | 'not-utf8' }> {
  for (const raw of fs.readdirSync(folder, { encoding: 'buffer' })) {
    const decoded = decodeName(raw);
    if (decoded === null) {
      yield { name: prefix + escapeBytes(raw), stat: 'not-utf8' };
      continue;
    }
    const stat = fs.lstatSync(path.join(folder, decoded));
    yield { name: prefix + decoded, stat };
    if (stat.isDirectory()) yield* walk(path.join(folder, decoded), `${prefix}${decoded}/`);
  }
}

function foreign(name: string, what: string): Finding {
  return {
    code: 'artifact-foreign',
    severity: 'error',
    message: `${escapeName(name)}: ${what}`,
    path: name,
    recommendation: 'Move it out of the backup folder: a backup is never changed after it is made.',
  };
}

/** An artifact that is missing or is not a file. */
function missing(file: string, what: string, category: string | undefined): Finding {
  return {
    code: 'artifact-missing',
    severity: 'error',
    message: `${file} ${what}`,
    path: file,
    ...(category === undefined ? {} : { category }),
  };
}
