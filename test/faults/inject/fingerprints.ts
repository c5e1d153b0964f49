import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../../../src/core/fs/durable.ts';
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
