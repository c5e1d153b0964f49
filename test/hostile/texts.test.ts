import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BackupError } from '../../src/core/model/backup-error.ts';
import { restoreTo } from '../../src/core/operations/restore.ts';
import { verify } from '../../src/core/operations/verify.ts';
import { renderFindings } from '../../src/cli/render/findings.ts';
import { paint } from '../../src/cli/render/style.ts';
import { context } from '../support/real-backup.ts';
import { resumArtifacts, rewriteManifest } from '../support/rewrite-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { GOOD, FORGED_ID, forgeBackup } from './support/forge-backup.ts';
import { RAW_CONTROL } from './support/raw-control.ts';

const HASH = 'a'.repeat(64);

/** Refused, or accepted with exactly the good file in it; never anything in between, and never anything on a terminal. */
async function judge(damage: (folder: string) => void, verdict: 'reject' | 'either'): Promise<void> {
  using temp = tempFolder();
  const { folder } = await forgeBackup(path.join(temp.path, 'backups'), GOOD, temp.path);
  damage(folder);
  const selected = { id: FORGED_ID, folder, dispose() {} };
  const started = process.cpuUsage();
  const status = await verify(selected, { mode: 'full', repository: null }, context).then(
    (report) => {
      expect(renderFindings(report.findings, paint(process.stdout)).join('\n')).not.toMatch(RAW_CONTROL);
      return report.status;
    },
    (error: unknown) => (error instanceof BackupError ? error.code : Promise.reject(error)),
  );
  const copy = path.join(temp.path, 'copy');
  const refused = await restoreTo(selected, { only: [], allowUnsafeLinks: false, to: copy }, context).then(
    () => false,
    (error: unknown) => (error instanceof BackupError ? true : Promise.reject(error)),
  );
  // CPU time: what else the machine does at the same time is no fault of ours.
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1e6).toBeLessThan(10);
  expect(refused).toBe(status !== 'PASSED' && status !== 'WARNING');
  if (verdict === 'reject') expect(refused).toBe(true);
  expect(existsSync(copy)).toBe(!refused);
  if (!refused) expect(readFileSync(path.join(copy, 'deployments/ok.json'), 'utf8')).toBe('{"ok":1}');
  expect('polluted' in {}).toBe(false);
}

const manifestFile = (folder: string): string => path.join(folder, 'BACKUP_MANIFEST.json');

/** The manifest's text changed, the list of artifacts made to agree. */
function text(change: (good: string) => string | Buffer): (folder: string) => void {
  return (folder) => {
    writeFileSync(manifestFile(folder), change(readFileSync(manifestFile(folder), 'utf8')));
    resumArtifacts(folder);
  };
}

/** The same for a part of it that stands there once. */
function swap(from: string, to: string): (folder: string) => void {
  return text((good) => {
    expect(good.split(from)).not.toHaveLength(1);
    return good.replace(from, to);
  });
}

/** Something else in the manifest's place. */
function special(make: (file: string) => void): (folder: string) => void {
  return (folder) => {
    rmSync(manifestFile(folder));
    make(manifestFile(folder));
  };
}

const ARCHIVE = '"file":"docs.tar.zst"';

test.each<[string, 'reject' | 'either', (folder: string) => void]>([
  [
    'm01 __proto__ in two places',
    'reject',
    swap(
      '{"formatVersion"',
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"formatVersion"',
    ),
  ],
  [
    'm01b a category __proto__',
    'reject',
    swap('"categories":{"docs":{"archive"', '"categories":{"__proto__":{"sources":[]},"docs":{"archive"'),
  ],
  ['m02 a source outside', 'reject', text((good) => good.replaceAll('"path":"."', '"path":"../x"'))],
  ['m03 an absolute source', 'reject', text((good) => good.replaceAll('"path":"."', '"path":"/etc"'))],
  ['m04 an archive outside', 'reject', swap(ARCHIVE, '"file":"../../../../etc/passwd"')],
  ['m04b an absolute archive', 'reject', swap(ARCHIVE, '"file":"/etc/passwd"')],
  ['m05 odd names of categories', 'reject', text((good) => good.replaceAll('"docs":{', '"../../x":{'))],
  ['m05b no name of a category', 'reject', text((good) => good.replaceAll('"docs":{', '"":{'))],
  ['m06 a key twice', 'reject', swap('"formatVersion":2', '"formatVersion":1,"formatVersion":2')],
  ['m07 a source twice', 'reject', text((good) => good.replace(/("sources":\[)(\{[^}]*\})\]/, '$1$2,$2]'))],
  ['m08 a negative size', 'reject', text((good) => good.replaceAll(/"size":\d+/g, '"size":-1'))],
  ['m08b half a byte', 'reject', text((good) => good.replaceAll(/"size":\d+/g, '"size":1.5'))],
  ['m08c a size beyond all numbers', 'reject', text((good) => good.replaceAll(/"size":\d+/g, '"size":1e400'))],
  ['m09 hashes of another form', 'reject', text((good) => good.replaceAll(/"sha256":"[^"]*"/g, '"sha256":["x"]'))],
  ['m10 paths that are no text', 'reject', text((good) => good.replaceAll('"path":"."', '"path":{"toString":1}'))],
  ['m11 200,000 lists in each other', 'reject', text(() => '['.repeat(200_000) + ']'.repeat(200_000))],
  ['m12 cut in the middle', 'reject', text((good) => good.slice(0, 150))],
  ['m13 more JSON behind it', 'reject', text((good) => `${good}\n{"version":1}`)],
  ['m14 a byte order mark', 'either', text((good) => `\ufeff${good}`)],
  ['m15 UTF-16', 'reject', text((good) => Buffer.from(`\ufeff${good}`, 'utf16le'))],
  ['m16 nothing', 'reject', text(() => '')],
  ['m17 zeros', 'reject', text(() => Buffer.alloc(4096))],
  ['m18 a version of the future', 'reject', swap('"formatVersion":2', '"formatVersion":999')],
  ['m18b a version as text', 'reject', swap('"formatVersion":2', '"formatVersion":"2"')],
  [
    'm19 500,000 categories',
    'reject',
    text((good) =>
      good.replace(
        '"categories":{"docs":{"archive"',
        `"categories":{${Array.from({ length: 500_000 }, (_, at) => `"c${at}":{}`).join(',')},"docs":{"archive"`,
      ),
    ),
  ],
  [
    'm20 terminal commands',
    'reject',
    text((good) => good.replaceAll('"docs":{', String.raw`"\u001b]0;x\u0007\u202e":{`)),
  ],
  [
    'm23 a pattern that takes years',
    'reject',
    text((good) => good.replaceAll('"include":[]', '"include":["*a*a*a*a*a*a*a*b"]')),
  ],
  ['m24 a folder in the place of the manifest', 'reject', special((file) => mkdirSync(file))],
  ['m21 an id that leads outside', 'reject', text((good) => good.replaceAll(FORGED_ID, '../../x'))],
  ['m22 over 64 MiB', 'reject', text((good) => `${good}${' '.repeat(65 << 20)}`)],
])('manifest: %s', async (_, verdict, damage) => judge(damage, verdict), 30_000);

function sums(content: string): (folder: string) => void {
  return (folder) => {
    writeFileSync(path.join(folder, 'checksums/SHA256SUMS'), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    rewriteManifest(folder, (manifest) => {
      manifest['checksums'] = { file: 'checksums/SHA256SUMS', entries: 1, sha256 };
    });
  };
}

test.each<[string, 'reject' | 'either', (folder: string) => void]>([
  ['s01 escaped names', 'either', sums(`\\${HASH}  docs/a\\nb\n\\${HASH}  docs/back\\\\slash\n`)],
  ['s02 files outside', 'reject', sums(`${HASH}  ../../etc/passwd\n${HASH} */etc/shadow\n`)],
  [
    's03 other forms',
    'either',
    sums(`${HASH}  a\r\n${HASH.toUpperCase()} *b\nSHA256 (c) = ${HASH}\n# comment\n${HASH}  d`),
  ],
  ['s04 a name twice', 'reject', sums(`${HASH}  docs/a\n${HASH.replace('a', 'b')}  docs/a\n`)],
  ['s05 nothing', 'reject', sums('')],
  ['s06 terminal commands', 'reject', sums(`${HASH}  docs/\u001b[2Jx\n`)],
])('sums: %s', async (_, verdict, damage) => judge(damage, verdict));
