/** A file of gigabytes takes as long as a thousand small ones: the progress moves while it is read and written, not at its end. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Event } from '../../src/core/model/event.ts';
import { create } from '../../src/core/operations/create.ts';
import { exportBackup } from '../../src/core/operations/export.ts';
import { restore, restoreTo } from '../../src/core/operations/restore.ts';
import { verify } from '../../src/core/operations/verify.ts';
import { context } from '../support/real-backup.ts';
import { noise } from '../support/sample-archive.ts';
import { makeCategories, makeProject } from '../support/source.ts';
import { tempFolder } from '../support/temp-folder.ts';

const BIG_BYTES = 48 << 20;

test('bytes are counted inside of a file', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  const big = path.join(root, 'state/big.bin');
  mkdirSync(path.dirname(big), { recursive: true });
  const content = noise(1 << 20);
  writeFileSync(big, '');
  for (let n = 0; n < BIG_BYTES / content.length; n++) writeFileSync(big, content, { flag: 'a' });
  const project = makeProject(root, makeCategories({ state: [{ path: 'state' }] }));
  const seen = new Map<string, { total: number; bytes: number[] }>();
  let phase = { total: 0, bytes: [] as number[] };
  const onEvent = (event: Event): void => {
    if (event.type === 'phase-begin') {
      phase = { total: event.bytes ?? 0, bytes: [] };
      // A restore also verifies the safety backup, which holds next to nothing here.
      if (phase.total >= BIG_BYTES) seen.set(event.phase, phase);
    } else if (event.type === 'progress') phase.bytes.push(event.bytes);
  };
  const watched = { ...context, onEvent };
  const moves = (...phases: string[]): void => {
    for (const name of phases) {
      const { total, bytes } = seen.get(name) ?? { total: 0, bytes: [] };
      expect(total, name).toBeGreaterThanOrEqual(BIG_BYTES);
      expect(bytes.filter((each) => each > 0 && each < BIG_BYTES).length, name).toBeGreaterThan(1);
      expect(bytes, name).toEqual(bytes.toSorted((a, b) => a - b));
      expect(bytes.at(-1), name).toBeLessThanOrEqual(total);
    }
    seen.clear();
  };

  const made = await create(project, { verify: true, allowPartial: false }, watched);
  moves('storing', 'verifying');
  const selected = { id: made.backupId, folder: made.folder, dispose() {} };
  await verify(selected, { mode: 'full', repository: null, rehearse: true }, watched);
  moves('verifying', 'rehearsing');
  rmSync(big);
  const options = { only: [], allowUnsafeLinks: true, exact: false, dryRun: false, safetyBackup: true };
  await restore(project, selected, { ...options, confirm: () => Promise.resolve(true) }, watched);
  moves('verifying', 'restoring');
  await restoreTo(selected, { only: [], allowUnsafeLinks: true, to: path.join(temp.path, 'to') }, watched);
  moves('restoring');
  await exportBackup(selected, { format: 'zip', output: path.join(temp.path, 'a.zip') }, watched);
  moves('exporting', 'reading back');
});
