import { PutObjectCommand } from '@aws-sdk/client-s3';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withReason } from '../support/skipped.ts';
import { everything, gatewayEndpoint, makeBucket, owner, whyNoS3 } from './support/bucket.ts';
import { filesOf, placeInBucket } from './support/judge.ts';
import { credentials, Machine } from './support/machine.ts';

/* Commits that somebody else wrote: none of them is a copy, none of them hides one, and nothing is written outside of the repository. */
type Json = Record<string, unknown>;
interface Statement extends Json {
  objects: Json[];
}

const change =
  (edit: (statement: Statement) => void) =>
  (statement: Statement): string => {
    edit(statement);
    return JSON.stringify({ statement: JSON.stringify(statement), manifest: null, signatures: [] });
  };
const firstObject = (fields: Json) => change(({ objects }) => void Object.assign(objects[0] ?? {}, fields));

/** Refused when they are read. */
const REFUSED: Readonly<Record<string, (statement: Statement) => string>> = {
  'no JSON': () => 'x',
  nothing: () => '',
  'not UTF-8': () => '\uD800',
  'no statement': () => '{}',
  'an array': () => '[]',
  'a statement that is no text': (statement) => JSON.stringify({ statement, manifest: null, signatures: [] }),
  'nested without end': () => `${'['.repeat(500_000)}${']'.repeat(500_000)}`,
  'more than 4 MiB': (statement) => `${change(() => {})(statement)}${' '.repeat(4 << 20)}`,
  'a key twice': (statement) => change(() => {})(statement).replace('{', '{"signatures":[],'),
  'a path that leads out': firstObject({ name: '../../../escaped' }),
  'an absolute path': firstObject({ name: '/tmp/escaped' }),
  'a path with a control character': firstObject({ name: 'a\u001B[2Jb' }),
  'a path of another backup': firstObject({ name: '../other/BACKUP_MANIFEST.json' }),
  'a name with a backslash': firstObject({ name: '..\\escaped' }),
  'a size below 0': firstObject({ size: -1 }),
  'a size that no number holds': firstObject({ size: 2 ** 60 }),
  'a hash that is none': firstObject({ sha256: 'x'.repeat(64) }),
  'the hash of another file': firstObject({ sha256: '0'.repeat(64) }),
  'another manifest': (statement) =>
    change(() => {})(statement).replace(
      '"manifest":null',
      `"manifest":"${zlib.zstdCompressSync('{"formatVersion":2}').toString('base64')}"`,
    ),
  'the id of another backup': change((statement) => (statement['id'] = 'migration-2020-01-01T00-00-00-000Z')),
  'another tag': change((statement) => (statement['tag'] = '0'.repeat(32))),
  'a file too few': change(({ objects }) => void objects.shift()),
  'a file twice': change(({ objects }) => void objects.push(objects[0] ?? {})),
  '20,000 files': change(
    (statement) => (statement.objects = Array.from({ length: 20_000 }, () => statement.objects[0] ?? {})),
  ),
  'a prototype': (statement) => change(() => {})(statement).replace('{', '{"__proto__":{"statement":"{}"},'),
};

/** They agree with themselves, and not with what is stored. */
const LIES: Readonly<Record<string, (statement: Statement) => string>> = {
  'a size that is not so': firstObject({ size: 7 }),
  'a size beyond the disk': firstObject({ size: 2 ** 52 }),
  'another ETag': firstObject({ etag: '"00000000000000000000000000000000"' }),
};

describe.skipIf(whyNoS3 !== null)(withReason('hostile commits', whyNoS3), () => {
  let machine: Machine;
  let other: Machine;
  let id: string;
  let backup: string;
  let bucket: string;
  let statement: string;
  let tag: string;
  beforeAll(async () => {
    bucket = await makeBucket('plain');
    ({ machine, id, backup } = await Machine.withBackup());
    other = Machine.withProjectOf(machine);
    for (const each of [machine, other]) each.env = credentials('owner');
    use('honest');
    const { exitCode, stderr } = await machine.run('push', id, '--remote', 'off', '--yes');
    expect(exitCode, stderr).toBe(0);
    const [commit] = await placeInBucket(bucket, 'honest').commits();
    const parsed: { statement: string } = JSON.parse(commit?.bytes.toString() ?? '');
    statement = parsed.statement;
    tag = path.basename(commit?.key ?? '', '.json');
  }, 120_000);
  afterAll(() => {
    machine[Symbol.dispose]();
    other[Symbol.dispose]();
  });

  function use(prefix: string): void {
    for (const each of [machine, other])
      each.setRemotes({ off: { url: `s3://${bucket}/${prefix}`, endpoint: gatewayEndpoint, region: 'us-east-1' } });
  }
  const put = (Key: string, Body: string): Promise<unknown> =>
    owner.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key,
        Body: Buffer.from(Body === '\uD800' ? '22ff22' : Body, Body === '\uD800' ? 'hex' : 'utf8'),
      }),
    );
  const parse = (): Statement => JSON.parse(statement);
  /** No control character but the line's end. */
  const isClean = (text: string): boolean => !/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/.test(text);

  test.each(Object.entries(REFUSED))('%s', { timeout: 120_000 }, async (name, make) => {
    const prefix = `refused-${name.replaceAll(' ', '-')}`;
    await put(`${prefix}/v1/commits/${id}/${tag}.json`, make(parse()));
    use(prefix);
    other.forget();
    const listed = await other.run('list', '--remote', 'off', '--json');
    expect(listed.exitCode, `${listed.stdout}${listed.stderr}`).toBe(4);
    const { backups, findings }: { backups: unknown[]; findings: { code: string }[] } = JSON.parse(listed.stdout);
    expect(backups).toEqual([]);
    expect(findings.map(({ code }) => code)).toContain('copy-refused');
    const pulled = await other.run('pull', id, '--remote', 'off', '--yes');
    expect([4, 10], `${pulled.stdout}${pulled.stderr}`).toContain(pulled.exitCode);
    expect(isClean(pulled.stderr), JSON.stringify(pulled.stderr)).toBe(true);
    expect(existsSync(other.backups) ? readdirSync(other.backups).filter((one) => one.includes(id)) : []).toEqual([]);
  });

  test.each(Object.entries(LIES))('%s', { timeout: 120_000 }, async (name, make) => {
    const prefix = `lie-${name.replaceAll(' ', '-')}`;
    for (const [file, bytes] of filesOf(backup))
      await owner.send(
        new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/v1/data/${id}/${tag}/${file}`, Body: bytes }),
      );
    await put(`${prefix}/v1/commits/${id}/${tag}.json`, make(parse()));
    use(prefix);
    other.forget();
    const verified = await other.run('verify', id, '--remote', 'off');
    expect(verified.exitCode, `${verified.stdout}${verified.stderr}`).toBe(4);
    const pulled = await other.run('pull', id, '--remote', 'off', '--yes');
    expect([4, 5], `${pulled.stdout}${pulled.stderr}`).toContain(pulled.exitCode);
    expect((await other.run('list', '--json')).stdout).not.toContain(`"${id}"`);
  });

  test('beside honest copies they change nothing', { timeout: 120_000 }, async () => {
    use('honest');
    const tags = Object.keys(REFUSED).map((_, index) => index.toString(16).padStart(32, 'f'));
    for (const [index, make] of Object.values(REFUSED).entries())
      await put(`honest/v1/commits/${id}/${tags[index]}.json`, make(parse()));
    for (const key of ['x.json', `${id}/x.json`, `${id}/${tag}/x.json`, '../../x', `${id}/${tag}.json/y`, '\u001B[2J'])
      await put(`honest/v1/commits/${key}`, '{}');
    expect((await everything(bucket, 'honest/v1/commits/')).versions.length).toBeGreaterThan(tags.length);
    other.forget();
    const listed = await other.run('list', '--remote', 'off');
    expect(listed.stdout).toContain(id);
    expect(isClean(listed.stdout + listed.stderr), JSON.stringify(listed.stderr)).toBe(true);
    const pulled = await other.run('pull', id, '--remote', 'off', '--yes');
    expect(pulled.exitCode, `${pulled.stdout}${pulled.stderr}`).toBe(0);
    expect(filesOf(path.join(other.backups, id))).toEqual(filesOf(backup));
  });
});
