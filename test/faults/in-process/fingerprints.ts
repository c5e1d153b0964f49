import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../../../src/core/fs/durable.ts';
import { readJournal, writeJournal } from '../../../src/core/transaction/journal.ts';
import { fingerprint } from '../../../src/core/transaction/unit.ts';

/** A copy of a project has other inodes than its unfinished transaction knows: it is told the new ones, or it would find all changed. */
export function renewFingerprints(root: string): void {
  if (!fs.existsSync(path.join(root, '.migbackup/txn/plan.json'))) return;
  const journal = readJournal(root);
  if (journal === null) return;
  const units = journal.units.map((unit) => {
    const live = lstatOrNull(path.join(root, unit.path));
    return unit.old === null || live === null ? unit : { ...unit, old: fingerprint(live) };
  });
  writeJournal(root, { ...journal, units });
}
