import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  checkPlace,
  describeInToto,
  predicateText,
  subjectOf,
  writePredicate,
} from '../../src/core/operations/report/in-toto.ts';
import { verify } from '../../src/core/operations/verify.ts';
import type { InToto } from '../../src/core/model/backup-summary.ts';
import { parseSums } from '../../src/core/format/sums.ts';
import { makeStage, type Stage } from '../checks/findings/stage.ts';
import { VERIFY } from '../checks/findings/verify-cases.ts';
import { context } from '../support/real-backup.ts';
import { rewriteManifest } from '../support/rewrite-backup.ts';

let first: Stage;
let stage: Stage;
beforeAll(async () => {
  first = await makeStage();
});
afterAll(() => first.removeAll());
beforeEach(() => {
  stage = first.copy();
});

const ARTIFACTS = 'checksums/ARTIFACTS.sha256';
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** What a verification of now proves. @param meanwhile is done between the look at the list of artifacts and the verification */
async function attest(id = stage.plain, meanwhile: () => void = () => {}): Promise<Omit<InToto, 'predicatePath'>> {
  const selected = stage.selected(id);
  const subject = subjectOf(selected);
  meanwhile();
  const how = { mode: 'full', repository: stage.repository, artifactsSha256: subject.sha256 } as const;
  return describeInToto(subject, await verify(selected, how, context), undefined);
}

const CHECKS = ['manifest', 'index', 'sums', 'artifacts'];
const CATEGORIES = ['leveldb', 'legacy-json', 'configs', 'docs'].map((name) => `category:${name}`);

test('a good backup passes each check, and the subject is the list of its artifacts', async () => {
  const { predicate, ...named } = await attest();
  expect(named).toEqual({
    subjectName: `${stage.plain}/${ARTIFACTS}`,
    subjectDigest: `sha256:${sha256(stage.stored(ARTIFACTS))}`,
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
  });
  expect(predicate).toEqual({
    result: 'PASSED',
    configuration: [
      {
        name: 'migbackup verify',
        content: Buffer.from('{"mode":"full"}').toString('base64'),
        mediaType: 'application/json',
        annotations: { tool: 'migbackup test' },
      },
    ],
    passedTests: [...CHECKS, ...CATEGORIES],
    warnedTests: [],
    failedTests: [],
  });
});

test('what create noted and nothing can prove is a warning, of its category or by its code', async () => {
  stage.put('docs/a\\b', '');
  const { backupId } = await stage.create({ raw: ['leveldb'], allowPartial: true });
  const { result, ...tests } = (await attest(backupId)).predicate;
  const warned = ['category:leveldb', 'category:docs'];
  expect({ result, tests }).toMatchObject({ result: 'WARNED', tests: { failedTests: [] } });
  expect(tests.warnedTests.toSorted()).toEqual(warned.toSorted());
  expect(tests.passedTests).toEqual([...CHECKS, ...CATEGORIES].filter((name) => !warned.includes(name)));
});

/** [what happened, how, what failed of the checks and categories, what is said to have passed] */
const DAMAGES: readonly [string, () => void, string[], string[]][] = [
  [
    'an archive is longer',
    () => appendFileSync(stage.stored('docs.tar'), Buffer.alloc(512)),
    ['artifacts', 'category:docs'],
    ['manifest', 'index', 'sums', 'category:leveldb', 'category:legacy-json', 'category:configs'],
  ],
  [
    'an archive is missing',
    () => rmSync(stage.stored('docs.tar')),
    ['artifacts', 'category:docs'],
    ['manifest', 'index', 'sums', 'category:leveldb', 'category:legacy-json', 'category:configs'],
  ],
  [
    'there is a file that does not belong there',
    () => writeFileSync(stage.stored('other'), ''),
    ['artifacts'],
    ['manifest', 'index', 'sums', ...CATEGORIES],
  ],
  [
    'the sums are missing',
    () => rmSync(stage.stored('checksums/SHA256SUMS')),
    ['artifacts', 'sums'],
    ['manifest', 'index'],
  ],
  ['the manifest is missing', () => rmSync(stage.stored('BACKUP_MANIFEST.json')), ['manifest'], []],
  // Neither the sums nor the archives were looked at.
  ['the index is missing', () => rmSync(stage.stored('INDEX.ndjson.zst')), ['artifacts', 'index'], ['manifest']],
  ['the list is empty', () => writeFileSync(stage.stored(ARTIFACTS), ''), ['artifacts'], ['manifest', 'index', 'sums']],
];

test.each(DAMAGES)('%s', async (_what, damage, failed, passed) => {
  damage();
  const { result, passedTests, failedTests } = (await attest()).predicate;
  expect({ result, passedTests }).toEqual({ result: 'FAILED', passedTests: passed });
  expect(failedTests).toEqual(expect.arrayContaining(failed));
  expect(failedTests.filter((name) => CHECKS.includes(name)).toSorted()).toEqual(
    failed.filter((name) => CHECKS.includes(name)).toSorted(),
  );
});

test('nothing is said of a list that was replaced before the verification read it, though all agrees with the new one', async () => {
  const before = sha256(stage.stored(ARTIFACTS));
  const forge = (): void => rewriteManifest(stage.stored(), (manifest) => Object.assign(manifest, { note: 'forged' }));
  const { predicate, subjectDigest } = await attest(stage.plain, forge);
  expect(subjectDigest).toBe(`sha256:${before}`);
  expect(predicate).toMatchObject({ result: 'FAILED', passedTests: ['manifest', 'index', 'sums'] });
  expect(predicate.failedTests).toContain('artifacts');
  // By itself the forged backup is whole.
  expect((await attest()).predicate.result).toBe('PASSED');
});

test('a report that could not be kept is no warning about the backup', async () => {
  rmSync(path.join(stage.repository, 'reports'), { recursive: true });
  writeFileSync(path.join(stage.repository, 'reports'), '');
  expect((await attest()).predicate).toMatchObject({ result: 'PASSED', warnedTests: [] });
});

/** As `sha256sum -c` and `find` see it. */
function artifactsAgree(folder: string): boolean {
  const sums = parseSums(readFileSync(path.join(folder, ARTIFACTS), 'utf8'));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const listed = sums.every(({ path: at, sha256: sum }) => {
    const file = path.join(folder, at);
    return existsSync(file) && sha256(file) === sum;
  });
  return listed && files.length === sums.length + 1;
}

describe('whatever was damaged', () => {
  const all = Object.entries(VERIFY).flatMap(([code, cases]) =>
    (Array.isArray(cases) ? cases : [cases]).map((provoke, at) => ({ name: `${code} ${at + 1}`, provoke })),
  );
  test.each(all)('$name: the result and the lists agree, and what passed was looked at', async ({ provoke }) => {
    const good = new Set((await attest()).predicate.passedTests);
    await provoke(stage);
    for (const id of [stage.plain, stage.zstd]) {
      const { result, passedTests, warnedTests, failedTests } = (await attest(id)).predicate;
      expect(result).toBe(failedTests.length > 0 ? 'FAILED' : warnedTests.length > 0 ? 'WARNED' : 'PASSED');
      const names = [...passedTests, ...warnedTests, ...failedTests];
      expect(new Set(names).size).toBe(names.length);
      expect(passedTests.filter((name) => !good.has(name))).toEqual([]);
      if (passedTests.includes('artifacts')) expect(artifactsAgree(stage.selected(id).folder)).toBe(true);
      if (result === 'PASSED') expect(names).toEqual([...good]);
    }
  });
});

test.each([
  ['missing', () => rmSync(stage.stored(ARTIFACTS))],
  ['too large', () => writeFileSync(stage.stored(ARTIFACTS), Buffer.alloc((1 << 20) + 1))],
  [
    'a link',
    () => {
      rmSync(stage.stored(ARTIFACTS));
      symlinkSync('SHA256SUMS', stage.stored(ARTIFACTS));
    },
  ],
])('there is no subject if the list is %s', (_what, damage) => {
  damage();
  expect(() => subjectOf(stage.selected())).toThrow(expect.objectContaining({ code: 'BACKUP_DAMAGED' }));
});

test('the predicate replaces nothing', async () => {
  const { predicate } = await attest();
  const file = path.join(stage.root, 'predicate.json');
  checkPlace(file);
  writePredicate(file, predicate);
  expect(readFileSync(file, 'utf8')).toBe(predicateText(predicate));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(predicate);
  const taken = expect.objectContaining({ code: 'TARGET_NOT_EMPTY', path: file });
  writeFileSync(file, 'of somebody');
  expect(() => checkPlace(file)).toThrow(taken);
  expect(() => writePredicate(file, predicate)).toThrow(taken);
  expect(readFileSync(file, 'utf8')).toBe('of somebody');
  const folder = path.join(stage.root, 'predicates');
  expect(() => checkPlace(path.join(folder, 'p.json'))).toThrow(expect.objectContaining({ code: 'IO', path: folder }));
  mkdirSync(folder);
  expect(() => checkPlace(folder)).toThrow(expect.objectContaining({ code: 'TARGET_NOT_EMPTY' }));
});
