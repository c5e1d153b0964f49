import fc from 'fast-check';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportBackup } from '../../src/core/operations/export.ts';
import { verify } from '../../src/core/operations/verify.ts';
import { openExported } from '../../src/core/repository/open-exported.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { FORGED_ID as ID, forgeBackup } from './support/forge-backup.ts';
import { answersLater, cases, noise, TIMEOUT_MS, watch } from './support/fuzz.ts';
import { damage } from './support/mutate.ts';
import { END_BLOCKS, file, header, innocent, paxHeader, record } from './support/tar-parts.ts';
import { zip } from './support/zip-parts.ts';

const tick = watch();
const temp = tempFolder();
const scratch = path.join(temp.path, 'scratch');
let parts: ReadonlyMap<string, Buffer>;
const exports = new Map<'zip' | 'tar', Buffer>();

beforeAll(async () => {
  mkdirSync(scratch);
  const good = { name: 'good', attack: 'none', verdict: 'accept', parts: () => [innocent()] } as const;
  const { folder } = await forgeBackup(path.join(temp.path, 'backups'), good, temp.path);
  parts = contentsOf(folder);
  for (const format of ['zip', 'tar'] as const) {
    const output = path.join(temp.path, `good.${format}`);
    await exportBackup({ id: ID, folder, dispose() {} }, { format, output }, context);
    exports.set(format, readFileSync(output));
  }
});
afterAll(() => temp[Symbol.dispose]());

/** Every file below a folder, by its path in it. */
function contentsOf(folder: string): Map<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map(({ parentPath, name }) => path.join(parentPath, name));
  return new Map(files.map((name) => [path.relative(folder, name), readFileSync(name)]));
}

/**
 * Refused, or unpacked into a folder of its own: what came out is the backup that was exported, or verify says that it is not. Nothing stays.
 * Returns whether it was unpacked.
 */
async function expectRefusedOrFound(bytes: Buffer): Promise<boolean> {
  tick();
  const exported = path.join(temp.path, 'damaged');
  writeFileSync(exported, bytes);
  const selected = await answersLater(() => openExported(exported, scratch));
  if (selected !== null) {
    const found = contentsOf(selected.folder);
    const same = found.size === parts.size && [...parts].every(([name, content]) => found.get(name)?.equals(content));
    if (!same || selected.id !== ID) {
      const report = await answersLater(() => verify(selected, { mode: 'full', repository: null }, context));
      if (report !== null) expect(report).toMatchObject({ status: 'FAILED' });
    }
    selected.dispose();
  }
  expect(readdirSync(scratch)).toEqual([]);
  expect(existsSync(path.join(temp.path, 'evil'))).toBe(false);
  return selected !== null;
}

const names = fc.oneof(
  fc.constantFrom('../evil', `${ID}/../../evil`, `${ID}/BACKUP_MANIFEST.json`, `${ID}/docs.tar.zst`, `${ID}/`, 'evil'),
  fc.string({ unit: 'binary', maxLength: 40 }).map((name) => `${ID}/${name}`),
);
const content = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

describe.each(['zip', 'tar'] as const)('%s', (format) => {
  test('an export with any damage is refused, or what is wrong with it is found', { timeout: TIMEOUT_MS }, async () => {
    const whole = exports.get(format) ?? Buffer.alloc(0);
    expect(await expectRefusedOrFound(whole)).toBe(true);
    await fc.assert(
      fc.asyncProperty(damage, async (change) => void (await expectRefusedOrFound(change(whole)))),
      cases(30, 1500),
    );
  });
});

test('tar: any members', { timeout: TIMEOUT_MS }, async () => {
  const fields = fc.record(
    {
      type: fc.constantFrom('0', '\0', '1', '2', '5', 'x', 'g', 'L'),
      sizeRaw: fc.oneof(
        fc.uint8Array({ minLength: 12, maxLength: 12 }).map((array) => Buffer.from(array)),
        fc.constantFrom('77777777777 ', '00000000001 ', '-0000000001 '),
      ),
      link: fc.string({ maxLength: 20 }),
    },
    { requiredKeys: [] },
  );
  const pax = fc
    .array(fc.tuple(fc.constantFrom('path', 'size', 'linkpath', '__proto__'), fc.oneof(names, fc.nat().map(String))))
    .map((records) => paxHeader(records.map(([key, value]) => record(key, value))));
  const member = fc.oneof(
    fc.tuple(names, content, fields).map(([name, bytes, more]) => file(name, bytes, more).bytes),
    fc.tuple(names, fc.nat(2000), fields).map(([name, size, more]) => header(name, size, more)),
    pax,
  );
  const good = exports.get('tar') ?? Buffer.alloc(0);
  await fc.assert(
    fc.asyncProperty(fc.array(member, { maxLength: 4 }), fc.boolean(), noise, async (members, behind, bytes) => {
      const more = Buffer.concat(members);
      const body = good.subarray(0, good.lastIndexOf(END_BLOCKS));
      await expectRefusedOrFound(Buffer.concat(behind ? [body, more, END_BLOCKS] : [more, good]));
      await expectRefusedOrFound(Buffer.concat([good.subarray(0, 512), bytes]));
    }),
    cases(15, 1000),
  );
});

test('zip: any members', { timeout: TIMEOUT_MS }, async () => {
  const member = fc.record(
    {
      name: names,
      content,
      localName: names,
      crc: fc.nat(0xffff_ffff),
      method: fc.constantFrom<0 | 8>(0, 8),
      flags: fc.nat(0xffff),
      size: fc.constantFrom(0, 1, 0xffff, 0x7fff_ffff, 0xffff_ffff),
      mode: fc.nat(0xffff),
      extra: content,
      offset: fc.nat(5000),
    },
    { requiredKeys: ['name'] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(member, { maxLength: 4 }), noise, async (members, bytes) => {
      const own = [...parts].map(([name, part]) => ({ name: `${ID}/${name}`, content: part }));
      await expectRefusedOrFound(zip([...own, ...members]));
      await expectRefusedOrFound(Buffer.concat([Buffer.from('PK\u0003\u0004'), bytes]));
    }),
    cases(15, 1000),
  );
});
