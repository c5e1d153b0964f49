import { hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ARTIFACTS_FILE, INDEX_FILE, MANIFEST_FILE, SUMS_FILE } from '../../format/layout.ts';
import { isVersion1 } from '../../format/version1.ts';
import { lstatOrNull, writeAll } from '../../fs/durable.ts';
import { isNoFile, readRegular } from '../../fs/regular-file.ts';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { InToto } from '../../model/backup-summary.ts';
import type { AnyFinding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-codes.ts';
import { fromSystemError, noFolder } from '../../model/system-error.ts';
import type { VerifyReport } from '../../model/verify-report.ts';
import type { SelectedBackup } from '../../repository/selected.ts';

/** What an attestation is about: the list of artifacts, which has the hash of every other file of the backup. */
export interface Subject {
  /** Its path in the repository, in an exported file and in a copy. */
  readonly name: string;
  readonly sha256: string;
}

/**
 * The subject of an attestation of this backup. Throws USAGE for a backup of format version 1, which has no list of artifacts, and BACKUP_DAMAGED if the list
 * is missing, because then nothing names the bytes that were verified.
 */
export function subjectOf({ id, folder, fromFile = folder }: SelectedBackup): Subject {
  if (isVersion1(fromFile)) {
    throw new BackupError('USAGE', `${id} is of format version 1, which has no list of artifacts to attest`, {
      hint: 'Take a new backup with migbackup create, and attest that.',
      path: fromFile,
    });
  }
  try {
    const list = readRegular(path.join(folder, ARTIFACTS_FILE), 1 << 20);
    return { name: `${id}/${ARTIFACTS_FILE}`, sha256: hash('sha256', list) };
  } catch (error) {
    if (!isNoFile(error) && errnoOf(error) !== 'EFBIG')
      throw fromSystemError(error, `${ARTIFACTS_FILE} could not be read`, folder);
    throw new BackupError('BACKUP_DAMAGED', `${id} has no usable ${ARTIFACTS_FILE}, so there is nothing to attest`, {
      hint: 'migbackup verify shows what of it is still good; attest another backup.',
      path: folder,
      cause: error,
    });
  }
}

/** What a full verification of the subject is in in-toto's terms. @param url where the run can be looked at, if that is known */
export function describeInToto(
  { name, sha256 }: Subject,
  verification: VerifyReport,
  url: string | undefined,
): Omit<InToto, 'predicatePath'> {
  const { status, scope, tool } = verification;
  return {
    subjectName: name,
    subjectDigest: `sha256:${sha256}`,
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      result: status === 'WARNING' ? 'WARNED' : status,
      configuration: [
        {
          name: 'migbackup verify',
          // Nothing that differs from run to run: a policy compares it.
          content: Buffer.from(JSON.stringify({ mode: scope.mode })).toString('base64'),
          mediaType: 'application/json',
          annotations: { tool: `${tool.name} ${tool.version}` },
        },
      ],
      ...(url !== undefined && { url }),
      ...testsOf(verification),
    },
  };
}

/** The checks that are no category's own, and the findings by which they fail. */
const CHECK_OF: Readonly<Partial<Record<FindingCode, string>>> = {
  'manifest-damaged': 'manifest',
  'manifest-contradicts': 'manifest',
  'artifact-list-wrong': 'artifacts',
  'artifact-missing': 'artifacts',
  'artifact-foreign': 'artifacts',
  'artifact-altered': 'artifacts',
  'index-damaged': 'index',
  'index-wrong': 'index',
  'count-differs': 'index',
  'sums-differ': 'sums',
};

/** The check that reads a file fails too if the file is missing or was altered. */
const CHECK_OF_FILE: Readonly<Record<string, string>> = {
  [MANIFEST_FILE]: 'manifest',
  [INDEX_FILE]: 'index',
  [SUMS_FILE]: 'sums',
};

/** Each check that was made to its end, by what came out. What an earlier error kept from being looked at is in none of the lists. */
function testsOf({
  findings,
  categories,
}: VerifyReport): Pick<InToto['predicate'], 'passedTests' | 'warnedTests' | 'failedTests'> {
  const inCategory = (name: string): string => `category:${name}`;
  const named = ({ code, category, path: file = '' }: AnyFinding): string[] => {
    const check = Object.entries(CHECK_OF).find(([known]) => known === code)?.[1];
    if (check === 'artifacts') return [check, CHECK_OF_FILE[file] ?? check];
    if (check !== undefined) return [check];
    return [category !== undefined && Object.hasOwn(categories, category) ? inCategory(category) : code];
  };
  const having = (severity: AnyFinding['severity']): string[] =>
    findings
      .filter(({ code, severity: is }) => is === severity && code !== ('report-not-written' satisfies FindingCode))
      .flatMap(named);
  const inState = (wanted: string): string[] =>
    Object.keys(categories)
      .filter((name) => categories[name]?.status === wanted)
      .map(inCategory);

  const damaged = inState('damaged');
  const failed = new Set([...having('error'), ...damaged]);
  const warned = new Set(having('warning').filter((name) => !failed.has(name)));
  const isRead = findings.every(({ code }) => code !== ('manifest-damaged' satisfies FindingCode));
  const isIndexRead = isRead && !failed.has('index');
  const made = [
    ...(isRead ? ['manifest', 'index'] : []),
    // They are compared with the index, and an archive is hashed to its end only if it can be read.
    ...(isIndexRead ? ['sums'] : []),
    ...(isIndexRead && damaged.length === 0 ? ['artifacts'] : []),
    ...inState('whole'),
  ];
  return {
    passedTests: made.filter((name) => !failed.has(name) && !warned.has(name)),
    warnedTests: [...warned],
    failedTests: [...failed],
  };
}

/** Throws TARGET_NOT_EMPTY if something is at the place of the predicate, and IO if its folder does not exist. */
export function checkPlace(file: string): void {
  const folder = path.dirname(file);
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw noFolder(folder, 'the predicate', '--in-toto');
  if (lstatOrNull(file) !== null) throw exists(file);
}

/** Writes the predicate to a new file, and replaces none. Throws TARGET_NOT_EMPTY, NO_SPACE or IO, and then leaves no file of its own. */
export function writePredicate(file: string, predicate: InToto['predicate']): void {
  let fd: number | undefined;
  try {
    fd = fs.openSync(file, 'wx', 0o600);
    writeAll(fd, Buffer.from(predicateText(predicate)));
    fs.fsyncSync(fd);
  } catch (error) {
    if (fd !== undefined) fs.rmSync(file);
    throw errnoOf(error) === 'EEXIST' ? exists(file) : fromSystemError(error, CANNOT_WRITE, file);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** The beginning of the sentence that says that the predicate could not be written. */
export const CANNOT_WRITE = 'the predicate could not be written';

/** The bytes that are attested. */
export function predicateText(predicate: InToto['predicate']): string {
  return `${JSON.stringify(predicate, null, 2)}\n`;
}

function exists(file: string): BackupError {
  return new BackupError('TARGET_NOT_EMPTY', `${file} exists already`, {
    hint: 'Give another --in-toto, or remove that file first.',
    path: file,
  });
}
