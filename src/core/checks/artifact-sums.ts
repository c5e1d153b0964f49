import { hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Finding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import { ARTIFACTS_FILE } from '../format/layout.ts';
import { parseSums } from '../format/sums.ts';
import { expectedArtifacts } from './folder-holds.ts';

/** More than any list of artifacts needs, which has one line for each category and a few more. */
const MAX_LIST_BYTES = 1 << 20;

/**
 * What ARTIFACTS.sha256 says, and everything that is wrong with the list itself.
 * @param sha256 what its bytes must have, if that is known
 */
export function readArtifactSums(
  folder: string,
  manifest: Manifest,
  sha256?: string,
): { sums: Map<string, string>; findings: Finding[] } {
  const sums = new Map<string, string>();
  const findings: Finding[] = [];
  const wrong = (message: string, cause?: unknown): void => {
    findings.push({
      code: 'artifact-list-wrong',
      severity: 'error',
      message: `${ARTIFACTS_FILE}: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`,
      path: ARTIFACTS_FILE,
    });
  };
  const file = path.join(folder, ARTIFACTS_FILE);
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return { sums, findings };
  if (stat.size > MAX_LIST_BYTES) {
    wrong('is too large');
    return { sums, findings };
  }
  try {
    const bytes = fs.readFileSync(file);
    if (sha256 !== undefined && hash('sha256', bytes) !== sha256)
      wrong('is not the list that was signed, hashed or made here');
    for (const line of parseSums(bytes.toString('utf8'))) {
      if (sums.has(line.path)) wrong(`lists ${line.path} twice`);
      sums.set(line.path, line.sha256);
    }
  } catch (cause) {
    wrong('cannot be read', cause);
  }
  const expected = expectedArtifacts(manifest).filter((name) => name !== ARTIFACTS_FILE);
  for (const name of expected) if (!sums.has(name)) wrong(`does not list ${name}`);
  for (const name of sums.keys())
    if (!expected.includes(name)) wrong(`lists ${name}, which is not an artifact of this backup`);
  return { sums, findings };
}

/** Compares an artifact's bytes with the two places that state its hash: the list of artifacts and the manifest. */
export function checkArtifactHash(
  artifact: string,
  actual: string,
  listed: string | undefined,
  stated: string | undefined,
): Finding[] {
  const listedDiffers = listed !== undefined && listed !== actual;
  const statedDiffers = stated !== undefined && stated !== actual;
  if (!listedDiffers && !statedDiffers) return [];
  const findings: Finding[] = [];
  const onlyList = listedDiffers && stated === actual;
  if (onlyList) {
    findings.push(
      differs(
        ARTIFACTS_FILE,
        `${ARTIFACTS_FILE} states another hash for ${artifact} than its bytes and the manifest do`,
        actual,
        listed,
      ),
    );
  } else if (statedDiffers && listed === actual) {
    findings.push(
      differs(
        'BACKUP_MANIFEST.json',
        `BACKUP_MANIFEST.json states another hash for ${artifact} than its bytes and ${ARTIFACTS_FILE} do`,
        actual,
        stated,
      ),
    );
  } else {
    const witness = stated === undefined ? ` (or ${ARTIFACTS_FILE} was)` : '';
    findings.push(
      differs(artifact, `${artifact} was altered${witness}: its SHA-256 differs`, actual, listed ?? stated ?? ''),
    );
  }
  return findings;
}

function differs(artifact: string, message: string, actual: string, expected: string): Finding {
  return { code: 'artifact-altered', severity: 'error', message, path: artifact, evidence: { actual, expected } };
}
