import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkoutOf } from '../config/checkout.ts';
import { REPORTS_FOLDER } from '../format/layout.ts';
import { lstatOrNull, writeFileDurable } from '../fs/durable.ts';
import { readRegular } from '../fs/regular-file.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Finding } from '../model/finding.ts';
import { z } from '../model/zod.ts';
import { makeFolders } from '../repository/reports.ts';
import { guardedBackup } from './marker.ts';

/**
 * This file is beside the reports about a backup. It says that a guarded command relies on the backup, because a prune may not see the folder that
 * the command runs in.
 */
const CLAIM_FILE = 'claimed.json';
const MAX_BYTES = 1 << 16;

const claimSchema = z.object({
  root: z.string(),
  host: z.string(),
  since: z.string(),
  checkout: z.string().nullable(),
  place: z.string().nullable(),
});
type Claim = z.infer<typeof claimSchema>;

const claimFile = (repository: string, id: string): string => path.join(repository, REPORTS_FOLDER, id, CLAIM_FILE);

/** Records durably, in the repository, that a command in this folder is about to rely on a backup. If that cannot be written, a finding says so. */
export function claimBackup({ root, repository }: Project, id: string): Finding[] {
  const claim: Claim = { root, host: os.hostname(), since: new Date().toISOString(), ...checkoutOf(root) };
  try {
    makeFolders(repository, id);
    writeFileDurable(claimFile(repository, id), `${JSON.stringify(claim)}\n`);
    return [];
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return [
      {
        code: 'report-not-written',
        severity: 'warning',
        message: `could not record that a guarded command relies on ${id}, so a prune in another folder may remove that backup: ${why}`,
        path: claimFile(repository, id),
      },
    ];
  }
}

/**
 * Why a backup must be kept: a guarded command in another folder relies on it. Null if there is no such command. A file that cannot be read may be
 * such a claim.
 */
export function claimedElsewhere({ root, repository }: Project, id: string): string | null {
  const claim = readClaim(repository, id);
  if (claim === null || (claim !== 'unreadable' && isOf(root, claim))) return null;
  const file = claimFile(repository, id);
  if (claim === 'unreadable') return `cannot tell from ${file} whether a guarded command relies on it`;
  return `a guarded command in ${claim.root} on ${claim.host} has relied on it since ${claim.since}; if that folder is gone for good, remove ${file}`;
}

/** Ends the claims of this folder, unless one of its commands is being guarded. Never throws: a claim that remains only keeps a backup. */
export function releaseClaims({ root, repository }: Project): void {
  try {
    if (guardedBackup(root) !== null) return;
    for (const id of fs.readdirSync(path.join(repository, REPORTS_FOLDER))) {
      const claim = readClaim(repository, id);
      if (claim !== null && claim !== 'unreadable' && isOf(root, claim)) fs.rmSync(claimFile(repository, id));
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

function isOf(root: string, { checkout, place }: Claim): boolean {
  const here = checkoutOf(root);
  return (checkout !== null && checkout === here.checkout) || (place !== null && place === here.place);
}

function readClaim(repository: string, id: string): Claim | 'unreadable' | null {
  const file = claimFile(repository, id);
  try {
    if (lstatOrNull(file) === null) return null;
    const parsed = claimSchema.safeParse(JSON.parse(readRegular(file, MAX_BYTES).toString('utf8')));
    return parsed.success ? parsed.data : 'unreadable';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    if (errnoOf(error) === undefined && !(error instanceof SyntaxError)) throw error;
    return 'unreadable';
  }
}
