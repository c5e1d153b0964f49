import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import type { Finding } from '../model/finding.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { carriesNoData } from '../databases/engines.ts';
import type { ChangePlan } from '../transaction/change.ts';
import { isVolatilePart } from '../transaction/database-units.ts';
import type { Unit } from '../transaction/unit.ts';
import { discardCommitted } from '../transaction/transaction.ts';
import { findOpenFiles } from '../fs/open-files.ts';
import { heldOpen, isHeld } from './held-open.ts';
import { leftOverFinding } from './left-over-finding.ts';
import { hashFile } from '../fs/hash-file.ts';

/**
 * Removes what a restore moved aside, but only if the safety backup holds exactly that and nobody can write to it any more. Otherwise all of it is
 * kept, and a finding says why. `committed` is the transaction's folder, `safety` the folder of the safety backup.
 */
export async function disposeAside(
  committed: string,
  safety: string,
  plan: Pick<ChangePlan, 'units'>,
): Promise<Finding | null> {
  // Open files come first. Whoever closes a file after this has already written to it, and the comparison below sees that.
  const open = findOpenFiles();
  const held = open && plan.units.flatMap((unit) => heldOpen(open, asideOf(committed, unit), unit.path));
  if (held !== null && held.length > 0) return isHeld(committed, held);
  const saved = new Map<string, string>();
  for await (const batch of readIndex(path.join(safety, INDEX_FILE))) {
    for (const entry of batch) saved.set(entry.path, entry.sha256 ?? entry.target ?? entry.type);
  }
  for (const unit of plan.units) {
    if (isVolatilePart(unit)) continue;
    const lost = firstUnsaved(asideOf(committed, unit), unit.path, saved);
    if (lost === null) continue;
    return {
      code: 'aside-kept',
      severity: 'warning',
      message: `what was replaced is kept in ${committed}: ${lost} is not in the safety backup`,
      path: lost,
      recommendation: `Look at ${path.join(committed, 'aside')} and remove that folder when you no longer need it.`,
    };
  }
  const left = await discardCommitted(committed);
  return left === null ? null : leftOverFinding(left);
}

function asideOf(committed: string, { n }: Pick<Unit, 'n'>): string {
  return path.join(committed, 'aside', String(n));
}

/** The first path at or below `native` that the safety backup does not hold as it is. */
function firstUnsaved(native: string, relative: string, saved: ReadonlyMap<string, string>): string | null {
  const stat = lstatOrNull(native);
  if (stat === null) return null;
  if (stat.isDirectory()) {
    if (!saved.has(relative)) return relative;
    for (const name of fs.readdirSync(native)) {
      const lost = firstUnsaved(path.join(native, name), `${relative}/${name}`, saved);
      if (lost !== null) return lost;
    }
    return null;
  }
  if (carriesNoData(native)) return null;
  const expected = saved.get(relative);
  if (stat.isSymbolicLink()) return expected === fs.readlinkSync(native) ? null : relative;
  return stat.isFile() && expected === hashFile(native) ? null : relative;
}
