import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../../../src/core/fs/durable.ts';
import { hasBothNames } from '../../../src/core/fs/second-name.ts';
import type { Journal } from '../../../src/core/transaction/journal-schema.ts';
import { fingerprintOf } from '../../../src/core/transaction/unit.ts';

/**
 * A copy of a project has other inodes than the journals in it know: they are told the new ones, or a recovery would take the journal for one
 * that came along with a checkout, and all that is live for changed.
 */
export function renewFingerprints(root: string): void {
  const state = path.join(root, '.migbackup');
  const names = fs.existsSync(state) ? fs.readdirSync(state) : [];
  for (const name of names) {
    const plan = path.join(state, name, 'plan.json');
    if ((name === 'txn' || name.startsWith('committed-')) && fs.existsSync(plan)) renew(root, plan);
  }
}

function renew(root: string, plan: string): void {
  const written: { body: string } = JSON.parse(fs.readFileSync(plan, 'utf8'));
  const journal: Journal = JSON.parse(written.body);
  const { ino, birthtimeNs } = fs.lstatSync(path.dirname(plan), { bigint: true });
  const units = journal.units.map((unit) => {
    const aside = path.join(path.dirname(plan), 'aside', String(unit.n));
    const native = lstatOrNull(aside) === null ? path.join(root, unit.path) : aside;
    const old = lstatOrNull(native);
    if (unit.old === null || old === null) return unit;
    return { ...unit, old: fingerprintOf(native, old, unit.old.inside !== undefined) };
  });
  const folder = { ino: String(ino), birthtimeNs: String(birthtimeNs) };
  const body = JSON.stringify({ ...journal, units, folder });
  fs.writeFileSync(plan, JSON.stringify({ sha256: createHash('sha256').update(body).digest('hex'), body }));
}

/** A copy has two files where a file has two names: in a swap that was killed the stage or aside and the place in the project. */
export function keepBothNames(from: string, to: string): void {
  const transaction = path.join('.migbackup', 'txn');
  const plan = path.join(from, transaction, 'plan.json');
  if (!fs.existsSync(plan)) return;
  const written: { body: string } = JSON.parse(fs.readFileSync(plan, 'utf8'));
  const journal: Journal = JSON.parse(written.body);
  for (const unit of journal.units) {
    for (const folder of ['stage', 'aside']) {
      const first = path.join(transaction, folder, String(unit.n));
      if (!hasBothNames(path.join(from, first), path.join(from, unit.path))) continue;
      fs.rmSync(path.join(to, first));
      fs.linkSync(path.join(to, unit.path), path.join(to, first));
    }
  }
}
