import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { restore } from '../../../src/core/operations/restore.ts';
import { recoverTransaction } from '../../../src/core/transaction/transaction.ts';
import { compareTrees, readTree } from '../../support/compare-trees.ts';
import { IN_SUITE, stride } from '../../support/effort.ts';
import { context, makeRealBackup, type RealBackup } from '../../support/real-backup.ts';

const OURS = ['backups', '.migbackup'];
/** Every call by which a restore changes what is on disk. */
const CHANGING = [
  'renameSync',
  'linkSync',
  'mkdirSync',
  'symlinkSync',
  'unlinkSync',
  'rmdirSync',
  'rmSync',
  'fsyncSync',
  'writeSync',
  'fchmodSync',
  'chmodSync',
  'futimesSync',
  'utimesSync',
  'lutimesSync',
] as const;

interface Fault {
  /** Which operation fails, counted from 1. */
  readonly at: number;
  /** `kill`: this and every later call fails, as if the process were gone. An errno: this call alone fails. */
  readonly kind: 'kill' | 'EIO' | 'ENOSPC' | 'EACCES';
}

/**
 * Counts the changing calls of `work` and lets one of them fail. What ships is what is called: the functions of node:fs themselves are
 * exchanged. Returns the number of calls and whether the fault fired.
 */
async function withFault(
  fault: Fault | null,
  work: () => Promise<unknown>,
): Promise<{ calls: number; fired: boolean; done: boolean }> {
  const originals = new Map(CHANGING.map((name) => [name, fs[name]]));
  let calls = 0;
  let fired = false;
  for (const [name, original] of originals) {
    const exchanged = (...args: unknown[]): unknown => {
      calls++;
      const hit = fault !== null && (fault.kind === 'kill' ? calls >= fault.at : calls === fault.at);
      if (hit) {
        fired = true;
        throw Object.assign(new Error(`${fault.kind} injected into ${name}`), { code: fault.kind });
      }
      return Reflect.apply(original, fs, args);
    };
    Object.defineProperty(fs, name, { value: exchanged, configurable: true, writable: true });
  }
  let done = false;
  try {
    await work();
    done = true;
  } catch {
    done = false;
  } finally {
    for (const [name, original] of originals)
      Object.defineProperty(fs, name, { value: original, configurable: true, writable: true });
  }
  return { calls, fired, done };
}

function disaster(root: string): void {
  fs.rmSync(path.join(root, 'leveldb'), { recursive: true });
  fs.rmSync(path.join(root, 'deployments/mainnet'), { recursive: true });
  fs.writeFileSync(path.join(root, 'package.json'), 'broken');
  fs.writeFileSync(path.join(root, 'deployments/extra.json'), 'extra');
}

function attempt(backup: RealBackup): Promise<unknown> {
  const selected = { id: backup.id, folder: backup.folder, dispose() {} };
  const options = { only: [], allowUnsafeLinks: false, exact: true, dryRun: false, safetyBackup: false };
  return restore(backup.project, selected, { ...options, confirm: () => Promise.resolve(true) }, context);
}

/** Puts the disaster back, so that each fault meets the same tree. */
function rewind(root: string, broken: string): void {
  for (const name of fs.readdirSync(root))
    if (!OURS.includes(name)) fs.rmSync(path.join(root, name), { recursive: true });
  fs.rmSync(path.join(root, '.migbackup'), { recursive: true, force: true });
  for (const name of fs.readdirSync(broken)) {
    fs.cpSync(path.join(broken, name), path.join(root, name), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
  }
}

test(
  'wherever a restore is killed or fails, the tree is the old one or the new one, and the answer is true',
  { timeout: 1_200_000 },
  async () => {
    using backup = await makeRealBackup();
    const fresh = readTree(backup.root, OURS);
    disaster(backup.root);
    const broken = `${backup.root}.broken`;
    fs.cpSync(backup.root, broken, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    for (const name of OURS) fs.rmSync(path.join(broken, name), { recursive: true, force: true });
    rewind(backup.root, broken);
    const old = readTree(backup.root, OURS);

    const { calls, done } = await withFault(null, () => attempt(backup));
    expect(done).toBe(true);
    expect(compareTrees(fresh, readTree(backup.root, OURS))).toEqual([]);

    const seen = { old: 0, fresh: 0 };
    const every = stride(Math.max(1, Math.floor(calls / 20)));
    for (const kind of ['kill', 'EIO', 'ENOSPC', 'EACCES'] as const) {
      for (let at = 1; at <= calls; at += every) {
        rewind(backup.root, broken);
        const result = await withFault({ at, kind }, () => attempt(backup));
        expect(result.fired, `${kind} at ${at}`).toBe(true);
        if (kind === 'kill') await recoverTransaction(backup.root);
        const now = readTree(backup.root, OURS);
        const isOld = compareTrees(old, now).length === 0;
        const isNew = compareTrees(fresh, now).length === 0;
        expect(isOld || isNew, `${kind} at ${at} of ${calls}: ${compareTrees(old, now).join(', ')}`).toBe(true);
        if (kind !== 'kill' && result.done) expect(isNew, `${kind} at ${at}: it said done`).toBe(true);
        expect(fs.existsSync(path.join(backup.root, '.migbackup/txn'))).toBe(false);
        seen[isOld ? 'old' : 'fresh']++;
      }
    }
    expect(seen.old).toBeGreaterThan(0);
    expect(seen.fresh).toBeGreaterThan(0);
    if (IN_SUITE)
      process.stdout.write(
        `${calls} operations, ${seen.old + seen.fresh} faults fired: ${seen.old} old, ${seen.fresh} new, 0 mixed\n`,
      );
  },
);
