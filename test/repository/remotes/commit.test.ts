import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import type { CopyObject, CopyStatement } from '../../../src/core/model/copy-commit.ts';
import {
  artifactList,
  artifactsOf,
  formatCommit,
  parseCommit,
  signatureOf,
  tagOf,
  unpackManifest,
} from '../../../src/core/repository/remotes/commit.ts';
import { objectKey, parseCommitKey } from '../../../src/core/repository/remotes/layout.ts';

const ID = 'migration-2026-11-23T07-38-00-123Z';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** An object's hash is that of its name in these samples. */
const MANIFEST = Buffer.from('BACKUP_MANIFEST.json');
const object = (name: string, hash = sha256(name)): CopyObject => ({
  name,
  size: 7,
  sha256: hash,
  partSize: null,
  checksum: null,
  etag: null,
  versionId: null,
});

function statement(names: readonly string[] = []): CopyStatement {
  const fixed = ['BACKUP_MANIFEST.json', 'INDEX.ndjson.zst', 'checksums/SHA256SUMS', 'RESTORE_PROCEDURES.md'];
  const objects = [...fixed, 'docs.tar.zst', ...names].map((name) => object(name));
  const list = artifactList(objects);
  const own = { ...object('checksums/ARTIFACTS.sha256', sha256(list)), size: Buffer.byteLength(list) };
  return {
    format: 1,
    id: ID,
    kind: 'migration',
    project: { id: 'sample' },
    completeness: 'complete',
    createdAt: '2026-11-23T07:38:00.123Z',
    tag: tagOf(own.sha256),
    lock: null,
    encryption: null,
    objects: [...objects, own],
  };
}

const good = statement();
const key = { id: ID, tag: good.tag };
const commitOf = (stated: object, manifest: string | null = null): Buffer =>
  Buffer.from(JSON.stringify({ statement: JSON.stringify(stated), manifest, signatures: [] }));
const commitWith = (manifest: string): Buffer => commitOf(good, manifest);

test('a commit is read as it was written', () => {
  const read = parseCommit(formatCommit(good, MANIFEST), key);
  if (typeof read === 'string') throw new Error(read);
  expect(read.statement).toEqual(good);
  expect(unpackManifest(read.manifest ?? Buffer.alloc(0))).toEqual(MANIFEST);
  const large = Buffer.alloc((1 << 20) + 1, ' ');
  expect(parseCommit(formatCommit(good, large), key)).toEqual({ statement: good, manifest: null });
});

test.each<[what: string, bytes: Buffer, why: RegExp]>([
  ['nothing', Buffer.alloc(0), /^is not JSON$/],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /^is not UTF-8$/],
  ['more than 4 MiB', Buffer.alloc((4 << 20) + 1, ' '), /^is larger than/],
  ['a key twice', Buffer.from('{"statement":"{}","statement":"{}","signatures":[]}'), /^is ambiguous/],
  ['__proto__', Buffer.from('{"statement":"{}","signatures":[],"__proto__":1}'), /__proto__/],
  ['no statement', Buffer.from('{"signatures":[]}'), /^has a wrong statement/],
  ['a statement that is not a text', Buffer.from('{"statement":{},"signatures":[]}'), /^has a wrong statement/],
  ['a newer format', commitOf({ ...good, format: 2 }), /only a newer migbackup/],
  ['another id', commitOf({ ...good, id: ID.replace('123', '124') }), /^states the id of another backup$/],
  ['another tag', commitOf({ ...good, tag: '0'.repeat(32) }), /^states another tag/],
  ['another kind', commitOf({ ...good, kind: 'safety' }), /^states the kind safety/],
  ['another time', commitOf({ ...good, createdAt: '2026-11-23T07:38:00.124Z' }), /^states another time/],
  ['a manifest that is no base64', commitWith('x'), /^has a wrong manifest/],
  ['a manifest that is no frame', commitWith(Buffer.from('x').toString('base64')), /^repeats another manifest/],
  ['another manifest', commitWith(zlib.zstdCompressSync('x').toString('base64')), /^repeats another manifest/],
  ['a bomb', commitWith(zlib.zstdCompressSync(Buffer.alloc(64 << 20)).toString('base64')), /^repeats another manifest/],
  ['an encryption', commitOf({ ...good, encryption: {} }), /^states something that is not valid/],
  ['a negative size', commitOf({ ...good, objects: [{ ...good.objects[0], size: -1 }] }), /objects/],
  ['no objects', commitOf({ ...good, objects: [] }), /objects/],
  ['too many objects', commitOf({ ...good, objects: Array.from({ length: 2000 }, () => good.objects[0]) }), /objects/],
  ['an object less', commitOf({ ...good, objects: good.objects.toSpliced(4, 1) }), /^names objects that are not those/],
  [
    'another hash',
    commitOf({ ...good, objects: good.objects.with(4, object('docs.tar.zst', '0'.repeat(64))) }),
    /not those/,
  ],
  [
    'another order',
    commitOf({ ...good, objects: good.objects.toSpliced(0, 2, ...good.objects.slice(0, 2).toReversed()) }),
    /not those/,
  ],
  [
    'parts of a byte',
    commitOf({ ...good, objects: good.objects.with(0, { ...object('BACKUP_MANIFEST.json'), size: 1e9, partSize: 1 }) }),
    /more parts/,
  ],
])('%s is refused', (_, bytes, why) => {
  expect(parseCommit(bytes, key)).toMatch(why);
});

test.each([
  '../outside.tar.zst',
  '/etc/passwd',
  'a/b.tar.zst',
  'checksums/../x.tar',
  'docs.tar.zst/',
  'DOCS.tar',
  'a\\b.tar',
  '\u202Ea.tar',
])('an object called %j is refused', (name) => {
  const stated = statement([name]);
  expect(parseCommit(commitOf(stated), { id: ID, tag: stated.tag })).toBe('names an object that no backup has');
});

test('an object that is named twice is refused', () => {
  const stated = statement(['docs.tar.zst']);
  expect(parseCommit(commitOf(stated), { id: ID, tag: stated.tag })).toBe('names an object twice');
});

test.each([
  `v1/commits/${ID}/../${good.tag}.json`,
  `v1/commits/${ID}/${good.tag}`,
  `v1/commits/${ID}/${good.tag}.json/x`,
  `v1/commits/../${ID}/${good.tag}.json`,
  `v1/commits/not-an-id/${good.tag}.json`,
  `v1/data/${ID}/${good.tag}.json`,
  `v1/commits/${ID}/${'G'.repeat(32)}.json`,
])('%s is the key of no commit', (name) => {
  expect(parseCommitKey(name)).toBeNull();
});

/** A commit of the same objects and one signature more. */
const withSignature = (name: string, size = 300) => ({
  ...good,
  objects: [...good.objects, { ...object(name), size }],
});

test('a signature is an object of its own, and no line of the list', () => {
  const signed = withSignature(`${ID}.sig`);
  const read = parseCommit(formatCommit(signed, MANIFEST), key);
  expect(read).toMatchObject({ statement: signed });
  expect(signatureOf(signed)?.name).toBe(`${ID}.sig`);
  expect(artifactsOf(signed)).toEqual(good.objects);
  expect(artifactList(signed.objects)).toBe(artifactList(good.objects));
  expect(signatureOf(good)).toBeUndefined();
});

test.each([
  ['of another backup', withSignature('migration-2026-11-23T07-38-00-124Z.sig'), /names an object that no backup has/],
  ['that is too large', withSignature(`${ID}.sig`, 16_385), /a signature that is too large/],
  [
    'twice',
    { ...good, objects: [...withSignature(`${ID}.sig`).objects, object(`${ID}.sig`)] },
    /names an object twice/,
  ],
])('a signature %s is refused', (_, stated, why) => {
  expect(parseCommit(commitOf(stated), key)).toMatch(why);
});

test('the key of a signature names its content, and that of an artifact is its name', () => {
  const [one, other] = ['one', 'other'].map((text) =>
    objectKey(ID, good.tag, { name: `${ID}.sig`, sha256: sha256(text) }),
  );
  expect(one).not.toBe(other);
  expect(objectKey(ID, good.tag, object('docs.tar.zst'))).toBe(`v1/data/${ID}/${good.tag}/docs.tar.zst`);
});

test('signatures of a statement come with the text that they are of; more than eight, or what is no text, is refused', () => {
  const read = parseCommit(formatCommit(good, MANIFEST, ['one', 'two']), key);
  expect(read).toMatchObject({ signed: { text: JSON.stringify(good), signatures: ['one', 'two'] } });
  for (const signatures of [Array.from({ length: 9 }, () => 'x'), [1], ['x'.repeat(16_385)]])
    expect(
      parseCommit(Buffer.from(JSON.stringify({ statement: JSON.stringify(good), manifest: null, signatures })), key),
    ).toMatch(/^has a wrong signatures/);
});
