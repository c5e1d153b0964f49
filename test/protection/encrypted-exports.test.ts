import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import { readMembers } from '../../src/core/format/exported-file.ts';
import { formatSum } from '../../src/core/format/sums.ts';
import { BackupError } from '../../src/core/model/backup-error.ts';
import { exportReportSchema } from '../../src/core/model/export-report.ts';
import type { KeysAtHand } from '../../src/core/model/event.ts';
import { exportBackup, type ExportOptions } from '../../src/core/operations/export.ts';
import { restoreTo } from '../../src/core/operations/restore.ts';
import { openExported } from '../../src/core/repository/open-exported.ts';
import { selectBackup } from '../../src/core/repository/select.ts';
import { OPEN_TEXT } from '../../src/core/repository/open-by-hand.ts';
import { forgeBackup, FORGED_ID as ID, GOOD } from '../hostile/support/forge-backup.ts';
import { END_BLOCKS, file, folder as tarFolder } from '../hostile/support/tar-parts.ts';
import { zip } from '../hostile/support/zip-parts.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const CHUNK = 65_536;
const ORDER = ['checksums/ARTIFACTS.sha256', 'BACKUP_MANIFEST.json', 'INDEX.ndjson.zst', 'docs.tar.zst'];
const FORMATS = ['zip', 'tar'] as const;
/** For a busy machine. */
const LONG = { timeout: 120_000 };

let temp: TempFolder;
let backup: string;
/** Who can open what is exported here. */
let mine: { keys: KeysAtHand; recipient: string };
let other: typeof mine;

beforeEach(async () => {
  temp = tempFolder();
  mkdirSync(path.join(temp.path, 'scratch'));
  ({ folder: backup } = await forgeBackup(path.join(temp.path, 'backups'), GOOD, temp.path));
  mine = await newKey('mine');
  other = await newKey('other');
});
afterEach(() => temp[Symbol.dispose]());

async function newKey(name: string): Promise<typeof mine> {
  const secret = await generateX25519Identity();
  const identity = path.join(temp.path, name);
  writeFileSync(identity, `${secret}\n`, { mode: 0o600 });
  return { keys: { identity }, recipient: await identityToRecipient(secret) };
}

async function exported(name: string, more: Partial<ExportOptions> = {}, keys: KeysAtHand = {}): Promise<string> {
  const output = path.join(temp.path, name);
  const format = name.endsWith('zip') ? 'zip' : 'tar';
  const encryptTo = [mine.recipient, other.recipient];
  const options = { format, output, encryptTo, ...more } as const;
  const report = await exportBackup({ id: ID, folder: backup, dispose() {} }, options, { ...context, keys });
  expect(exportReportSchema.parse(report)).toMatchObject({ artifacts: 6, checked: 'read-back' });
  return output;
}

function contentsOf(folder: string): [string, string][] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = all.map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name)));
  return names.toSorted().map((name) => [name, readFileSync(path.join(folder, name), 'hex')]);
}

const scratch = (): string => path.join(temp.path, 'scratch');

/** What it is opened to. Nothing is left of it. */
async function open(exportedFile: string, keys: KeysAtHand): Promise<[string, string][]> {
  const opened = await openExported(exportedFile, scratch(), keys);
  expect(opened).toMatchObject({ id: ID, fromFile: exportedFile });
  const contents = contentsOf(opened.folder);
  opened.dispose();
  expect(readdirSync(scratch())).toEqual([]);
  return contents;
}

async function refusal(exportedFile: string, keys: KeysAtHand): Promise<BackupError> {
  const error = await openExported(exportedFile, scratch(), keys).then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(readdirSync(scratch())).toEqual([]);
  if (error instanceof BackupError) return error;
  throw error ?? new Error('it was opened');
}

interface Part {
  readonly name: string;
  readonly content: Buffer;
}

async function partsOf(exportedFile: string): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const { name, content } of readMembers(exportedFile, exportedFile.endsWith('zip') ? 'zip' : 'tar')) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(Buffer.from(chunk));
    parts.push({ name: name.slice(ID.length + 1), content: Buffer.concat(chunks) });
  }
  return parts;
}

/** An exported file that somebody packed of these parts. */
function pack(parts: readonly Part[], format: 'zip' | 'tar' = 'tar', before: Buffer[] = []): string {
  const output = path.join(temp.path, `packed.${format}`);
  const members = parts.map(({ name, content }) => ({ name: `${ID}/${name}`, content }));
  const tar = [...before, ...members.map(({ name, content }) => file(name, content).bytes), END_BLOCKS];
  writeFileSync(output, format === 'zip' ? zip(members) : Buffer.concat(tar));
  return output;
}

test.each(FORMATS)('%s: what each recipient opens is the backup, and nobody else reads anything', async (format) => {
  const output = await exported(`out.${format}`);
  const parts = await partsOf(output);
  expect(parts.map(({ name }) => name)).toEqual(['KEYS.age', 'OPEN.md', ...[0, 1, 2, 3, 4, 5].map((n) => `${n}.age`)]);
  expect(parts[1]?.content.toString()).toBe(OPEN_TEXT);
  expect(await open(output, mine.keys)).toEqual(contentsOf(backup));
  expect(await open(output, other.keys)).toEqual(contentsOf(backup));
  const bytes = readFileSync(output).toString('latin1').replaceAll(OPEN_TEXT, '');
  for (const word of ['deployments', 'checksums', '.tar.zst', 'MANIFEST', 'ok.json', 'AGE-SECRET'])
    expect(bytes).not.toContain(word);
});

test.each(FORMATS)('%s: without a key that fits, the envelope is shown', async (format) => {
  const output = await exported(`out.${format}`);
  const stranger = await newKey('stranger');
  const parts = await partsOf(output);
  const files = parts.slice(2).map(({ name, content }) => ({ name, bytes: content.length }));
  const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
  for (const keys of [{}, stranger.keys, { passphrase: mine.keys.identity }]) {
    const error = await refusal(output, keys);
    expect(error.code).toBe('KEY_MISSING');
    expect(error.message).toContain('it is for x25519, x25519');
    expect(error.message).toContain(` (${ID}, 6 files of ${bytes} bytes)`);
    const recipients = ['x25519', 'x25519'];
    expect(error.details).toMatchObject({ recipients, envelope: { backupId: ID, files, bytes } });
  }
});

test('a passphrase alone opens what was encrypted with it', LONG, async () => {
  const passphrase = path.join(temp.path, 'passphrase');
  writeFileSync(passphrase, 'correct horse\n', { mode: 0o600 });
  const output = await exported('out.zip', { encryptTo: ['passphrase'] }, { passphrase });
  expect(await open(output, { passphrase })).toEqual(contentsOf(backup));
  writeFileSync(passphrase, 'wrong horse\n');
  const error = await refusal(output, { passphrase });
  expect(error).toMatchObject({ code: 'KEY_MISSING', details: { recipients: ['passphrase'] } });
  expect(error.message).toContain('it is for a passphrase');
});

test('who it is for is in the report, and a single key has to be asked for', async () => {
  const to = (encryptTo: string[], singleRecipient: boolean) =>
    exportBackup(
      { id: ID, folder: backup, dispose() {} },
      { format: 'zip', output: path.join(temp.path, 'one.zip'), encryptTo, singleRecipient },
      context,
    );
  await expect(to([mine.recipient], false)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(to(['passphrase'], true)).rejects.toMatchObject({ code: 'KEY_MISSING' });
  await expect(to(['age1nonsense'], true)).rejects.toMatchObject({ code: 'USAGE' });
  expect(existsSync(path.join(temp.path, 'one.zip'))).toBe(false);
  const { encryption } = await to([mine.recipient], true);
  const digest = createHash('sha256').update(mine.recipient).digest('hex').slice(0, 32);
  expect(encryption).toEqual({ recipients: [`x25519:${digest}`] });
});

test('an artifact that was altered is not exported, and two exports have no key in common', async () => {
  const [first, second] = [await partsOf(await exported('a.tar')), await partsOf(await exported('b.tar'))];
  for (const [at, { name, content }] of first.entries())
    if (name !== 'OPEN.md') expect(content.equals(second[at]?.content ?? content), name).toBe(false);
  const archive = path.join(backup, 'docs.tar.zst');
  const bytes = readFileSync(archive);
  writeFileSync(archive, Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]));
  await expect(exported('c.tar')).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(readdirSync(temp.path).filter((name) => name.startsWith('c.tar'))).toEqual([]);
});

test('a part is exported encrypted, and a stream to stdout too', async () => {
  const script = `
    import { exportBackup } from ${JSON.stringify(new URL('../../src/core/operations/export.ts', import.meta.url).href)};
    const selected = { id: '${ID}', folder: ${JSON.stringify(backup)}, dispose() {} };
    const encryptTo = ${JSON.stringify([mine.recipient, other.recipient])};
    const report = await exportBackup(selected, { format: 'tar', output: '-', only: ['docs'], encryptTo }, { tool: {} });
    process.stderr.write(report.backupId + ' ' + report.checked);`;
  const streamed = spawnSync(process.execPath, ['--input-type=module', '-e', script], { maxBuffer: 1 << 24 });
  const [id = '', checked] = streamed.stderr.toString().split(' ');
  expect(id).toMatch(new RegExp(`^${ID}-part-`));
  expect(checked).toBe('passing');
  const output = path.join(temp.path, 'streamed');
  writeFileSync(output, streamed.stdout);
  const opened = await openExported(output, scratch(), mine.keys);
  expect(opened.id).toBe(id);
  const to = path.join(temp.path, 'restored');
  await restoreTo(opened, { only: [], allowUnsafeLinks: false, to }, context);
  opened.dispose();
  expect(readFileSync(path.join(to, 'deployments/ok.json'), 'utf8')).toBe('{"ok":1}');
});

test.each(FORMATS)('%s: packed again, in any order and with its folder, it is still opened', async (format) => {
  const parts = await partsOf(await exported('out.tar'));
  const again = pack(parts.toReversed(), format, [tarFolder(ID).bytes]);
  expect(await open(again, mine.keys)).toEqual(contentsOf(backup));
  const withoutText = pack(
    parts.filter(({ name }) => name !== 'OPEN.md'),
    format,
  );
  expect(await open(withoutText, mine.keys)).toEqual(contentsOf(backup));
});

test.each(FORMATS)('%s: the signature goes along in the clear, wherever it stands', async (format) => {
  writeFileSync(path.join(temp.path, 'backups', `${ID}.sig`), 'a signature');
  const opened = await openExported(await exported(`signed.${format}`), scratch(), mine.keys);
  expect(readFileSync(opened.signature ?? '', 'utf8')).toBe('a signature');
  expect(contentsOf(opened.folder)).toEqual(contentsOf(backup));
  opened.dispose();
  const before = [file(`${ID}.sig`, 'another one').bytes];
  const again = await openExported(pack(await partsOf(await exportOf({})), 'tar', before), scratch(), mine.keys);
  expect(readFileSync(again.signature ?? '', 'utf8')).toBe('another one');
  again.dispose();
  const large = [file(`${ID}.sig`, Buffer.alloc(1 << 20)).bytes];
  const packed = pack(await partsOf(await exportOf({})), 'tar', large);
  expect(await refusal(packed, mine.keys)).toMatchObject({ code: 'UNSAFE_ARCHIVE' });
});

test('an encrypted export that was unpacked is said to be one', async () => {
  const output = await exported('out.tar');
  execFileSync('tar', ['-xf', output, '-C', scratch()]);
  const project = resolveProject({ cwd: temp.path, env: {} });
  const unpacked = path.join(scratch(), ID);
  await expect(selectBackup(project, unpacked, { cwd: temp.path })).rejects.toMatchObject({
    code: 'NO_SUCH_BACKUP',
    message: `${unpacked} is an encrypted export that was unpacked`,
  });
});

const at = (parts: Part[], name: string, change: (content: Buffer) => Buffer): Part[] =>
  parts.map((part) => (part.name === name ? { name, content: change(part.content) } : part));
const without = (parts: Part[], name: string): Part[] => parts.filter((part) => part.name !== name);

const DAMAGE: [string, string, (parts: Part[]) => Part[]][] = [
  ['KEYS.age is missing', 'BACKUP_DAMAGED', (parts) => without(parts, 'KEYS.age')],
  ['KEYS.age is empty', 'BACKUP_DAMAGED', (parts) => at(parts, 'KEYS.age', () => Buffer.alloc(0))],
  ['KEYS.age is large', 'BACKUP_DAMAGED', (parts) => at(parts, 'KEYS.age', () => Buffer.alloc(2 << 20))],
  ['the list is missing', 'BACKUP_DAMAGED', (parts) => without(parts, '0.age')],
  ['a file is missing', 'BACKUP_DAMAGED', (parts) => without(parts, '2.age')],
  ['the last file is missing', 'BACKUP_DAMAGED', (parts) => without(parts, '5.age')],
  ['there is a file more', 'BACKUP_DAMAGED', (parts) => [...parts, { name: '6.age', content: Buffer.alloc(300) }]],
  ['a file is there twice', 'UNSAFE_ARCHIVE', (parts) => [...parts, ...parts.slice(-1)]],
  ['a number has a zero before it', 'UNSAFE_ARCHIVE', (parts) => [...parts, { name: '01.age', content: Buffer.of(1) }]],
  ['a name is that of no export', 'UNSAFE_ARCHIVE', (parts) => [...parts, { name: 'x.age', content: Buffer.of(1) }]],
  ['it leads out', 'UNSAFE_ARCHIVE', (parts) => [...parts, { name: '../1.age', content: Buffer.of(1) }]],
  [
    'a part of it is not encrypted',
    'UNSAFE_ARCHIVE',
    (parts) => [...parts, { name: 'BACKUP_MANIFEST.json', content: Buffer.from('{}') }],
  ],
  ['it begins with a plain file', 'UNSAFE_ARCHIVE', (parts) => [{ name: 'docs.tar', content: Buffer.of(1) }, ...parts]],
  ['a file is cut to nothing', 'BACKUP_DAMAGED', (parts) => at(parts, '3.age', () => Buffer.alloc(0))],
  ['a file is cut by a byte', 'BACKUP_DAMAGED', (parts) => at(parts, '3.age', (bytes) => bytes.subarray(0, -1))],
  ['a file has a byte more', 'BACKUP_DAMAGED', (parts) => at(parts, '3.age', (b) => Buffer.concat([b, Buffer.of(0)]))],
  ['the list is another file of it', 'BACKUP_DAMAGED', (parts) => at(parts, '0.age', () => partNamed(parts, '1.age'))],
];

const partNamed = (parts: Part[], name: string): Buffer =>
  parts.find((part) => part.name === name)?.content ?? Buffer.alloc(0);

test.each(DAMAGE)('refused: %s', async (_what, code, damage) => {
  const packed = pack(damage(await partsOf(await exported('out.tar'))));
  expect(await refusal(packed, mine.keys)).toMatchObject({ code });
});

test('refused: a file that ends after one of its chunks, or whose chunks changed places', async () => {
  const archive = path.join(backup, 'docs.tar.zst');
  writeFileSync(archive, Buffer.alloc(3 * CHUNK, 'x'));
  const parts = await partsOf(await exportOf({ 'docs.tar.zst': readFileSync(archive) }));
  const [head, chunk] = [184, CHUNK + 16];
  const cut = at(parts, '3.age', (bytes) => bytes.subarray(0, head + 2 * chunk));
  const swapped = at(parts, '3.age', (bytes) => {
    const [first, second] = [bytes.subarray(head, head + chunk), bytes.subarray(head + chunk, head + 2 * chunk)];
    return Buffer.concat([bytes.subarray(0, head), second, first, bytes.subarray(head + 2 * chunk)]);
  });
  expect((await open(pack(parts), mine.keys)).length).toBe(6);
  for (const [packed, chunkName] of [
    [pack(cut), 'chunk 1'],
    [pack(swapped, 'zip'), 'chunk 0'],
  ] as const) {
    const error = await refusal(packed, mine.keys);
    expect(error).toMatchObject({ code: 'BACKUP_DAMAGED' });
    expect(error.message).toContain(`3.age was altered: its ${chunkName} does not open`);
  }
});

/** What somebody who has only the recipient can make: a list of any names, with files for its lines. */
async function exportOf(changed: Record<string, Buffer>, list?: string): Promise<string> {
  const secret = await generateX25519Identity();
  const seal = async (to: string, content: Buffer): Promise<Buffer> => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(to);
    return Buffer.from(await encrypter.encrypt(content));
  };
  const own = await identityToRecipient(secret);
  const names = [...ORDER.slice(1), 'checksums/SHA256SUMS', 'RESTORE_PROCEDURES.md'];
  const contents = names.map((name) => changed[name] ?? readFileSync(path.join(backup, name)));
  const sum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const lines = list ?? names.map((name, n) => formatSum(sum(contents[n] ?? Buffer.alloc(0)), name)).join('');
  const sealed = await Promise.all([Buffer.from(lines), ...contents].map((content) => seal(own, content)));
  return pack([
    { name: 'KEYS.age', content: await seal(mine.recipient, Buffer.from(`${secret}\n`)) },
    ...sealed.map((content, n) => ({ name: `${n}.age`, content })),
  ]);
}

test.each([
  ['../evil', 'docs.tar.zst'],
  ['/etc/evil', 'docs.tar.zst'],
  ['evil.sh', 'docs.tar.zst'],
  ['checksums/ARTIFACTS.sha256', 'docs.tar.zst'],
  ['INDEX.ndjson.zst', 'docs.tar.zst'],
  ['other.tar', 'BACKUP_MANIFEST.json'],
  ['\u001b[2J.tar', 'docs.tar.zst'],
])('refused: an encrypted list with the name %j in place of %s', async (name, place) => {
  const list = readFileSync(path.join(backup, 'checksums/ARTIFACTS.sha256'), 'utf8');
  const other = list.replace(`  ${place}\n`, `  ${name}\n`);
  expect(other).not.toBe(list);
  const error = await refusal(await exportOf({}, other), mine.keys);
  expect(error).toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(error.message).toContain('it holds other files than a backup has');
  expect(existsSync(path.join(temp.path, 'evil'))).toBe(false);
});

test.each(FORMATS)('%s: with any byte changed it is refused, or it is the very same backup', LONG, async (format) => {
  const output = await exported(`whole.${format}`);
  const whole = readFileSync(output);
  const damaged = path.join(temp.path, `damaged.${format}`);
  const step = Math.ceil(whole.length / 120);
  const good = contentsOf(backup);
  let refused = 0;
  for (let position = 0; position < whole.length; position += step) {
    const bytes = Buffer.from(whole);
    bytes[position] = (bytes[position] ?? 0) ^ (1 << (position % 8));
    writeFileSync(damaged, bytes);
    try {
      expect(await open(damaged, mine.keys)).toEqual(good);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      expect(error.code).toBeOneOf(['BACKUP_DAMAGED', 'UNSAFE_ARCHIVE', 'KEY_MISSING', 'FORMAT_UNSUPPORTED']);
      expect(readdirSync(scratch())).toEqual([]);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(30);
});
