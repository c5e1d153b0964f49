import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import { z } from '../model/zod.ts';
import { writeNewMeanwhile } from '../fs/durable.ts';
import { globProblem } from '../paths/globs.ts';
import { sayForbidden } from '../paths/barred.ts';
import { ambiguity } from '../fs/json-ambiguity.ts';
import { escapeName } from '../paths/names.ts';
import { BackupError } from '../model/backup-error.ts';
import { FORMAT_VERSION } from '../model/format-version.ts';
import { manifestSchema, type Manifest } from '../model/manifest.ts';
import { MANIFEST_FILE } from './layout.ts';

const MAX_BYTES = 64 << 20;
/** Far more than any project has. Without this limit the schema would describe what is wrong with each of millions. */
const MAX_CATEGORIES = 1000;
const SHOWN_ISSUES = 4;

/**
 * Reads and checks a backup's manifest. Throws FORMAT_UNSUPPORTED for a newer format, BACKUP_DAMAGED, which names the key, if the manifest is missing
 * or is not a manifest, and IO if this user may not read it.
 */
export function readManifest(folder: string): Manifest {
  const file = path.join(folder, MANIFEST_FILE);
  return parseManifest(readBytes(file), file);
}

/** The same of bytes that were read already. @param file where they come from, for messages */
export function parseManifest(bytes: Buffer, file: string): Manifest {
  const { text, parsed } = parseJson(bytes, file);
  const version: unknown =
    typeof parsed === 'object' && parsed !== null && 'formatVersion' in parsed ? parsed.formatVersion : undefined;
  if (typeof version === 'number' && version > FORMAT_VERSION) {
    throw new BackupError(
      'FORMAT_UNSUPPORTED',
      `${path.dirname(file)} has format version ${version}; this program reads versions up to ${FORMAT_VERSION}`,
      {
        hint: 'Use a newer migbackup.',
        path: file,
      },
    );
  }
  if (categoriesIn(parsed) > MAX_CATEGORIES) throw damaged(file, `has more than ${MAX_CATEGORIES} categories`);
  const twofold = ambiguity(text, parsed);
  if (twofold !== null) throw damaged(file, `is ambiguous: ${twofold}`);
  const result = manifestSchema.safeParse(parsed);
  if (result.success) {
    checkPatterns(file, result.data);
    return result.data;
  }
  throw damaged(
    file,
    z
      .prettifyError({ issues: result.error.issues.slice(0, SHOWN_ISSUES) })
      .split('\n')
      .slice(0, 4)
      .join(' '),
    result.error,
  );
}

/** Writes a manifest with its keys in the given order. Its name is durable once `folder` is synced. */
export function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  return writeNewMeanwhile(path.join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Checks the patterns: they are matched against the project's own names, and none may take forever. */
function checkPatterns(file: string, { config }: Manifest): void {
  const sources = Object.values(config.categories).flatMap((category) => category.sources);
  for (const pattern of [...config.secrets, ...sources.flatMap(({ include, exclude }) => [...include, ...exclude])]) {
    const problem = globProblem(pattern);
    if (problem !== null) throw damaged(file, `has a pattern that is refused (${pattern.slice(0, 80)}): ${problem}`);
  }
}

function categoriesIn(parsed: unknown): number {
  if (typeof parsed !== 'object' || parsed === null || !('categories' in parsed)) return 0;
  const { categories } = parsed;
  return typeof categories === 'object' && categories !== null ? Object.keys(categories).length : 0;
}

function readBytes(file: string): Buffer {
  try {
    const stat = fs.lstatSync(file);
    if (!stat.isFile()) throw damaged(file, 'is not a regular file');
    if (stat.size > MAX_BYTES) throw damaged(file, `is larger than ${MAX_BYTES} bytes`);
    return fs.readFileSync(file);
  } catch (cause) {
    const forbidden = sayForbidden(cause, file, `${MANIFEST_FILE} may not be read`);
    if (forbidden instanceof BackupError) throw forbidden;
    throw damaged(file, 'is missing or cannot be read', cause);
  }
}

function parseJson(bytes: Buffer, file: string): { text: string; parsed: unknown } {
  if (!isUtf8(bytes)) throw damaged(file, 'is not UTF-8');
  try {
    const text = bytes.toString('utf8');
    return { text, parsed: JSON.parse(text) };
  } catch (cause) {
    throw damaged(file, 'is not JSON', cause);
  }
}

function damaged(file: string, what: string, cause?: unknown): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${MANIFEST_FILE} ${escapeName(what)}`, {
    hint: 'Use another backup (migbackup list), or restore by hand: see RESTORE_PROCEDURES.md in its folder.',
    path: file,
    ...(cause === undefined ? {} : { cause }),
  });
}
