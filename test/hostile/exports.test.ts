import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BackupError } from '../../src/core/model/backup-error.ts';
import { exportBackup } from '../../src/core/operations/export.ts';
import { restoreTo } from '../../src/core/operations/restore.ts';
import { openExported } from '../../src/core/repository/open-exported.ts';
import { resolveProject } from '../../src/core/config/project.ts';
import { selectBackup } from '../../src/core/repository/select.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { ARTIFACTS, GOOD, FORGED_ID as ID, forgeBackup, type Forged } from './support/forge-backup.ts';
import { RAW_CONTROL } from './support/raw-control.ts';
import { base256, END_BLOCKS, file, folder, header, link, paxHeader, record, special } from './support/tar-parts.ts';
import { zip, type ZipMember } from './support/zip-parts.ts';

let temp: TempFolder;
let forged: Forged;
beforeEach(async () => {
  temp = tempFolder();
  forged = await forgeBackup(path.join(temp.path, 'backups'), GOOD, temp.path);
});
afterEach(() => temp[Symbol.dispose]());

/** The members of a good export, to which an attacker adds, or of which he changes one. */
const good = (): ZipMember[] =>
  ARTIFACTS.map((name) => ({ name: `${ID}/${name}`, content: readFileSync(path.join(forged.folder, name)) }));
const changed = (change: Partial<ZipMember>, at = 2): Buffer =>
  zip(good().map((member, position) => (position === at ? { ...member, ...change } : member)));
const tarOf = (...more: Buffer[]): Buffer =>
  Buffer.concat([...good().map(({ name, content = '' }) => file(name, content).bytes), ...more, END_BLOCKS]);

/** Refused with an error of ours; nothing of it stays, nothing is put anywhere, nothing raw is said. */
async function expectRefused(bytes: Buffer, name: string): Promise<void> {
  const exported = path.join(temp.path, name);
  writeFileSync(exported, bytes);
  const before = readdirSync(temp.path).toSorted();
  const error = await openExported(exported, temp.path).then(
    (selected) => {
      selected.dispose();
      return null;
    },
    (cause: unknown) => (cause instanceof BackupError ? cause : Promise.reject(cause)),
  );
  expect(error?.code).toBeOneOf(['UNSAFE_ARCHIVE', 'BACKUP_DAMAGED', 'NO_SUCH_BACKUP']);
  expect(`${error?.message} ${error?.hint}`).not.toMatch(RAW_CONTROL);
  expect(readdirSync(temp.path).toSorted()).toEqual(before);
}

const NAMES = [
  '../evil',
  `${ID}/../../evil`,
  '/etc/evil',
  `${ID}/checksums/../../evil`,
  `${ID}\\evil`,
  'C:/evil',
  `${ID}/./BACKUP_MANIFEST.json`,
  `${ID}//docs.tar.zst`,
  `${ID}/backup_manifest.json`,
  `${ID}/docs.tar.zst`,
  `${ID}/evil.sh`,
  `${ID}/checksums/evil.tar`,
  `${ID}/.tar/x.tar`,
  `${ID}/\u001b[2J.tar`,
  `${ID}/\u202egpj.tar`.replace('\u202e', '\0'),
  'migration-2020-01-01T00-00-00-000Z/BACKUP_MANIFEST.json',
  'other/BACKUP_MANIFEST.json',
  '',
  '.',
];

describe('zip', () => {
  test.each(NAMES)('a member called %j', (name) => expectRefused(zip([...good(), { name }]), 'x.zip'));

  test.each<[string, () => Buffer]>([
    ['bytes that are not UTF-8', () => zip([...good(), { name: Buffer.from([...Buffer.from(`${ID}/`), 0xff, 0xfe]) }])],
    ['a link', () => changed({ mode: 0o120777 })],
    ['a device', () => changed({ mode: 0o060600 })],
    ['a pipe', () => changed({ mode: 0o010600 })],
    ['another name in the local header', () => changed({ localName: `${ID}/../../evil.tar.zst` })],
    ['a wrong CRC-32', () => changed({ crc: 1 })],
    ['a member that is compressed again', () => changed({ method: 8 })],
    ['an encrypted member', () => changed({ flags: 0x801 })],
    ['a smaller size in the directory', () => changed({ size: 3 })],
    ['a larger size in the directory', () => changed({ size: 1 << 20 })],
    ['4 GiB in the directory', () => changed({ size: 0xffff_fffe })],
    ['zip64 without its field', () => changed({ size: 0xffff_ffff })],
    ['zip64 that says 2^63', () => changed({ size: 0xffff_ffff, extra: zip64(1n << 63n) })],
    ['zip64 that says 1 TiB', () => changed({ size: 0xffff_ffff, extra: zip64(1n << 40n) })],
    ['an extra field that is cut', () => changed({ extra: Buffer.from([1, 0, 255, 255]) })],
    ['a row that points behind the end', () => changed({ offset: 0x7fff_ffff })],
    ['a row that points at another member', () => changed({ offset: 0 })],
    ['20,000 rows for one member', () => zip([...good(), ...many(20_000)])],
    ['a bomb: 64 MiB of zeros, compressed', () => changed({ content: Buffer.alloc(64 << 20), method: 8 })],
    ['no manifest', () => zip(good().slice(1))],
    ['nothing at all', () => zip([])],
    ['its second half', () => zip(good()).subarray(-400)],
    ['its first half', () => zip(good()).subarray(0, 600)],
    ['all but its last byte', () => zip(good()).subarray(0, -1)],
  ])('%s', (_, make) => expectRefused(make(), 'x.zip'));
});

/** Two sizes of 8 bytes (APPNOTE 4.5.3). */
function zip64(size: bigint): Buffer {
  const field = Buffer.alloc(20);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(16, 2);
  field.writeBigUInt64LE(size, 4);
  field.writeBigUInt64LE(size, 12);
  return field;
}

/** As GNU tar writes a name that its header cannot hold. */
const longName = (content: string | Buffer): Buffer => file('././@LongLink', content, { type: 'L' }).bytes;

const many = (count: number): ZipMember[] =>
  Array.from({ length: count }, (_, at) => ({ name: `${ID}/a${at}.tar`, content: '' }));

describe('tar', () => {
  test.each(NAMES)('a member called %j', (name) => expectRefused(tarOf(file(name).bytes), 'x.tar'));

  const evil = `${ID}/evil.tar`;
  test.each<[string, () => Buffer]>([
    ['a link', () => tarOf(link(evil, '/etc/passwd').bytes)],
    [
      'a link in the place of the manifest',
      () => Buffer.concat([link(`${ID}/BACKUP_MANIFEST.json`, '/etc/passwd').bytes, tarOf()]),
    ],
    ['a hard link', () => tarOf(special(evil, { type: '1', link: '/etc/passwd' }).bytes)],
    ['a device', () => tarOf(special(evil, { type: '3' }).bytes)],
    ['a pipe', () => tarOf(special(evil, { type: '6' }).bytes)],
    ['an empty long name of GNU', () => tarOf(special('././@LongLink', { type: 'L' }).bytes)],
    ['a long name of GNU that leads out', () => tarOf(longName('../evil\0'), file(`${ID}/a.tar`).bytes)],
    ['a long name of GNU without an end', () => tarOf(longName(evil), file(evil).bytes)],
    ['a long name of GNU with two ends', () => tarOf(longName(`${evil}\0x\0`), file(evil).bytes)],
    ['a long name of GNU that is no UTF-8', () => tarOf(longName(Buffer.from([0xff, 0])), file(evil).bytes)],
    ['a long name of GNU of 1 MiB', () => tarOf(longName(`${'a'.repeat(1 << 20)}\0`), file(evil).bytes)],
    ['two long names of GNU', () => tarOf(longName(`${evil}\0`), longName(`${evil}\0`), file(evil).bytes)],
    [
      'a long name of GNU and a pax header',
      () => tarOf(longName(`${evil}\0`), paxHeader([record('path', evil)]), file(evil).bytes),
    ],
    ['a long name of GNU at the end', () => tarOf(longName(`${evil}\0`))],
    ['a long link of GNU', () => tarOf(file('././@LongLink', `${evil}\0`, { type: 'K' }).bytes, file(evil).bytes)],
    ['a header for all that follow', () => Buffer.concat([paxHeader([record('path', evil)], 'g'), tarOf()])],
    ['a path in a pax header', () => tarOf(paxHeader([record('path', '../evil')]), file(evil).bytes)],
    ['a path with a NUL in a pax header', () => tarOf(paxHeader([record('path', `${evil}\0x`)]), file(evil).bytes)],
    ['a size in a pax header', () => tarOf(paxHeader([record('size', '99999999999')]), file(evil).bytes)],
    ['a negative size in a pax header', () => tarOf(paxHeader([record('size', '-1')]), file(evil).bytes)],
    ['no number in a pax header', () => tarOf(paxHeader([record('size', '1e3')]), file(evil).bytes)],
    ['__proto__ in a pax header', () => tarOf(paxHeader([record('__proto__', 'x')]), file(`${ID}/../x`).bytes)],
    ['a number of 2^80', () => tarOf(header(evil, 0, { sizeRaw: base256(1n << 80n) }))],
    ['a negative number', () => tarOf(header(evil, 0, { sizeRaw: base256(-1n) }))],
    ['a size that is none', () => tarOf(header(evil, 0, { sizeRaw: '9z!' }))],
    ['a wrong checksum', () => tarOf(header(evil, 0, { checksum: 1 }))],
    ['a folder that is none of a backup', () => tarOf(folder(`${ID}/evil`).bytes)],
    ['20,000 members', () => tarOf(...many(20_000).map(({ name }) => header(name, 0)))],
    ['something behind its end', () => Buffer.concat([tarOf(), file(evil).bytes])],
    ['no end', () => tarOf().subarray(0, -1024)],
    ['half a member', () => tarOf().subarray(0, 1100)],
    ['a pax header at the end', () => tarOf(paxHeader([record('path', evil)]))],
    ['no manifest', () => Buffer.concat([file(`${ID}/docs.tar.zst`).bytes, END_BLOCKS])],
  ])('%s', (_, make) => expectRefused(make(), 'x.tar'));
});

test.each(['zip', 'tar'] as const)('none: a good %s of these parts is opened and restored', async (format) => {
  const exported = path.join(temp.path, `good.${format}`);
  writeFileSync(exported, format === 'zip' ? zip(good()) : tarOf());
  const selected = await openExported(exported, temp.path);
  await restoreTo(selected, { only: [], allowUnsafeLinks: false, to: path.join(temp.path, 'copy') }, context);
  selected.dispose();
  expect(readFileSync(path.join(temp.path, 'copy/deployments/ok.json'), 'utf8')).toBe('{"ok":1}');
});

test.each(['zip', 'tar'] as const)(
  'any byte of an exported %s changed: refused, or the very same backup',
  async (format) => {
    const exported = path.join(temp.path, `whole.${format}`);
    await exportBackup({ id: ID, folder: forged.folder, dispose() {} }, { format, output: exported }, context);
    const whole = readFileSync(exported);
    const damaged = path.join(temp.path, `damaged.${format}`);
    const step = Math.ceil(whole.length / 150);
    let refused = 0;
    for (let at = 0; at < whole.length; at += step) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(damaged, bytes);
      const copy = path.join(temp.path, `copy-${at}`);
      try {
        const selected = await openExported(damaged, temp.path);
        await restoreTo(selected, { only: [], allowUnsafeLinks: false, to: copy }, context).finally(() =>
          selected.dispose(),
        );
        expect(readFileSync(path.join(copy, 'deployments/ok.json'), 'utf8')).toBe('{"ok":1}');
      } catch (error) {
        if (!(error instanceof BackupError)) throw error;
        expect(existsSync(copy)).toBe(false);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(50);
  },
);

test.skipIf(process.platform === 'win32')(
  'a pipe and a device are no exported file, and are not waited for (not on Windows)',
  async () => {
    execFileSync('mkfifo', [path.join(temp.path, 'pipe')]);
    for (const name of [path.join(temp.path, 'pipe'), '/dev/zero'])
      await expect(
        selectBackup(resolveProject({ cwd: temp.path, env: {} }), name, { cwd: temp.path }),
      ).rejects.toMatchObject({
        code: 'NO_SUCH_BACKUP',
      });
  },
);
