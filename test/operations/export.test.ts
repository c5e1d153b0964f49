import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { exportReportSchema } from '../../src/core/model/export-report.ts';
import { exportBackup } from '../../src/core/operations/export.ts';
import { openExported } from '../../src/core/repository/open-exported.ts';
import { readTree } from '../support/compare-trees.ts';
import { whyNotFlags } from '../support/file-flags.ts';
import { makeSampleBackup, SAMPLE_ID, testContext } from '../support/sample-backup.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { isPlacing, withFault } from '../transaction/support/faults.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

test.each(['zip', 'tar'] as const)('%s: what comes out is the backup, byte for byte', async (format) => {
  using folder = tempFolder();
  const backup = await makeSampleBackup(path.join(folder.path, 'backups'), SAMPLE_ID);
  const output = path.join(folder.path, `out.${format}`);
  const selected = { id: SAMPLE_ID, folder: backup, dispose() {} };
  const report = await exportBackup(selected, { format, output }, testContext);
  expect(exportReportSchema.parse(report)).toMatchObject({
    artifacts: 6,
    checked: 'read-back',
    bytes: statSync(output).size,
  });
  expect(readdirSync(folder.path).toSorted()).toEqual(['backups', `out.${format}`]);
  const opened = await openExported(output, folder.path);
  expect(opened).toMatchObject({ id: SAMPLE_ID, fromFile: output });
  const content = (root: string) =>
    [...readTree(root).keys()].map((name) => [
      name,
      statSync(path.join(root, name)).isFile() && readFileSync(path.join(root, name), 'hex'),
    ]);
  expect(content(opened.folder)).toEqual(content(backup));
  opened.dispose();
  expect(existsSync(opened.folder)).toBe(false);
  await expect(exportBackup(selected, { format, output }, testContext)).rejects.toThrow(code('TARGET_NOT_EMPTY'));
});

test('a folder that does not exist is named, and not the temporary file that would be made in it', async () => {
  using folder = tempFolder();
  const backup = await makeSampleBackup(path.join(folder.path, 'backups'), SAMPLE_ID);
  const selected = { id: SAMPLE_ID, folder: backup, dispose() {} };
  const to = (output: string) => exportBackup(selected, { format: 'zip', output }, testContext);
  writeFileSync(path.join(folder.path, 'file'), '');
  for (const parent of [path.join(folder.path, 'no'), path.join(folder.path, 'file')])
    await expect(to(path.join(parent, 'x.zip'))).rejects.toMatchObject({
      code: 'IO',
      message: `there is no folder ${parent} for the exported file`,
      hint: 'Make that folder, or give another --output.',
    });
});

test.skipIf(whyNotFlags !== null)(
  withReason('in a folder that cannot be written, it is said that the exported file cannot be made', whyNotFlags),
  async () => {
    using folder = tempFolder();
    const backup = await makeSampleBackup(path.join(folder.path, 'backups'), SAMPLE_ID);
    const place = path.join(folder.path, 'place');
    mkdirSync(place);
    const output = path.join(place, 'x.zip');
    execFileSync('chattr', ['+i', place]);
    try {
      const selected = { id: SAMPLE_ID, folder: backup, dispose() {} };
      await expect(exportBackup(selected, { format: 'zip', output }, testContext)).rejects.toMatchObject({
        code: 'IO',
        path: output,
        message: expect.stringMatching(/^the exported file could not be made: EPERM/),
      });
    } finally {
      execFileSync('chattr', ['-i', place]);
    }
  },
);

test.each(['zip', 'tar'] as const)(
  '%s: a cut, altered or lengthened file is refused and leaves nothing',
  async (format) => {
    using folder = tempFolder();
    const backup = await makeSampleBackup(path.join(folder.path, 'backups'), SAMPLE_ID, 5000);
    const output = path.join(folder.path, `out.${format}`);
    await exportBackup({ id: SAMPLE_ID, folder: backup, dispose() {} }, { format, output }, testContext);
    const whole = readFileSync(output);
    for (const length of [700, whole.length >> 1, whole.length - (format === 'zip' ? 1 : 600)]) {
      writeFileSync(output, whole.subarray(0, length));
      await expect(openExported(output, folder.path)).rejects.toThrow(code('BACKUP_DAMAGED'));
    }
    writeFileSync(output, whole);
    appendFileSync(output, 'more');
    await expect(openExported(output, folder.path)).rejects.toThrow();
    expect(readdirSync(folder.path).filter((name) => name.startsWith('migbackup-'))).toEqual([]);
  },
);

test('a backup that lacks an artifact, or has an altered one, is not exported', async () => {
  using folder = tempFolder();
  const backup = await makeSampleBackup(path.join(folder.path, 'backups'), SAMPLE_ID);
  const selected = { id: SAMPLE_ID, folder: backup, dispose() {} };
  const output = path.join(folder.path, 'out.zip');
  appendFileSync(path.join(backup, 'docs.tar.zst'), 'x');
  await expect(exportBackup(selected, { format: 'zip', output }, testContext)).rejects.toThrow(code('BACKUP_DAMAGED'));
  rmSync(path.join(backup, 'docs.tar.zst'));
  await expect(exportBackup(selected, { format: 'zip', output }, testContext)).rejects.toThrow(code('BACKUP_DAMAGED'));
  expect(readdirSync(folder.path)).toEqual(['backups']);
});

test('a tar with a link, a foreign name or no id is refused', async () => {
  using folder = tempFolder();
  const backup = await makeSampleBackup(path.join(folder.path, 'backups'), SAMPLE_ID);
  const file = path.join(folder.path, 'hostile.tar');
  const tar = (...names: string[]): void => {
    execFileSync('tar', ['-cf', file, '--format=ustar', '-C', path.join(folder.path, 'backups'), ...names]);
  };
  tar(SAMPLE_ID);
  (await openExported(file, folder.path)).dispose();
  writeFileSync(path.join(backup, 'evil.sh'), '');
  tar(SAMPLE_ID);
  await expect(openExported(file, folder.path)).rejects.toThrow(code('UNSAFE_ARCHIVE'));
  rmSync(path.join(backup, 'evil.sh'));
  symlinkSync('/etc/passwd', path.join(backup, 'x.tar'));
  tar(SAMPLE_ID);
  await expect(openExported(file, folder.path)).rejects.toThrow(code('UNSAFE_ARCHIVE'));
  rmSync(path.join(backup, 'x.tar'));
  tar(`${SAMPLE_ID}/docs.tar.zst`, `${SAMPLE_ID}/docs.tar.zst`);
  await expect(openExported(file, folder.path)).rejects.toThrow();
  tar('--transform', 's/^migration/other/', SAMPLE_ID);
  await expect(openExported(file, folder.path)).rejects.toThrow(code('UNSAFE_ARCHIVE'));
  writeFileSync(file, 'neither');
  await expect(openExported(file, folder.path)).rejects.toThrow(code('UNSAFE_ARCHIVE'));
});

test.each(['zip', 'tar'] as const)('%s to stdout: the stream is an exported file', async (format) => {
  using folder = tempFolder();
  const backup = await makeSampleBackup(path.join(folder.path, 'backups'), SAMPLE_ID);
  const url = (name: string): string =>
    JSON.stringify(new URL(`../../src/core/operations/${name}`, import.meta.url).href);
  const script = `import { exportBackup } from ${url('export.ts')};
    const selected = { id: '${SAMPLE_ID}', folder: ${JSON.stringify(backup)}, dispose() {} };
    const report = await exportBackup(selected, { format: '${format}', output: '-' }, { tool: {} }); process.stderr.write(report.checked);`;
  const streamed = spawnSync(process.execPath, ['--input-type=module', '-e', script], { maxBuffer: 1 << 24 });
  expect(streamed.stderr.toString()).toBe('passing');
  const file = path.join(folder.path, 'streamed');
  writeFileSync(file, streamed.stdout);
  const opened = await openExported(file, folder.path);
  expect(opened.id).toBe(SAMPLE_ID);
  opened.dispose();
});

test('a file that somebody makes in the very moment in which the export gets its name is not replaced', async () => {
  using folder = tempFolder();
  const backup = await makeSampleBackup(path.join(folder.path, 'backups'), SAMPLE_ID);
  const output = path.join(folder.path, 'out.zip');
  let made = false;
  const { error } = await withFault(
    null,
    () => exportBackup({ id: SAMPLE_ID, folder: backup, dispose() {} }, { format: 'zip', output }, testContext),
    (name, [, to]) => {
      if (made || !isPlacing(name) || to !== output) return false;
      made = true;
      writeFileSync(output, 'of somebody');
      return false;
    },
  );
  expect(made).toBe(true);
  expect(error).toMatchObject({ code: 'TARGET_NOT_EMPTY' });
  expect(readFileSync(output, 'utf8')).toBe('of somebody');
  expect(readdirSync(folder.path).toSorted()).toEqual(['backups', 'out.zip']);
});

test('what a killed export left under the same name goes with the next one, and nothing else does', async () => {
  using folder = tempFolder();
  const backup = await makeSampleBackup(path.join(folder.path, 'backups'), SAMPLE_ID);
  const { pid } = spawnSync('true');
  const other = [`other.zip.${pid}-0123456789ab.tmp`, 'out.zip.tmp'];
  for (const name of [`out.zip.${pid}-0123456789ab.tmp`, ...other]) writeFileSync(path.join(folder.path, name), 'half');
  const output = path.join(folder.path, 'out.zip');
  await exportBackup({ id: SAMPLE_ID, folder: backup, dispose() {} }, { format: 'zip', output }, testContext);
  expect(readdirSync(folder.path).toSorted()).toEqual(['backups', ...other, 'out.zip'].toSorted());
});
