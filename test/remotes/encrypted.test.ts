import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startFaultyProxy, type FaultyProxy, type S3Request } from '../servers/s3/faulty-proxy.ts';
import { stride } from '../support/effort.ts';
import { withReason } from '../support/skipped.ts';
import { everything, gatewayEndpoint, makeBucket, removeEverything, whyNoS3 } from './support/bucket.ts';
import { filesOf, placeInBucket } from './support/judge.ts';
import { credentials, Machine } from './support/machine.ts';

/* Encrypted copies in a bucket: killed at each request, read in part, opened by age alone. */
const TIMEOUT = 1_200_000;
const age = inject('age');
const whyNoAge = age === null ? 'age could not be fetched' : null;

describe.skipIf(whyNoS3 !== null)(withReason('encrypted copies', whyNoS3), () => {
  let proxy: FaultyProxy;
  let machine: Machine;
  let other: Machine;
  let id: string;
  let backup: string;
  let bucket: string;
  let identity: string;
  let encryptTo: readonly string[];
  beforeAll(async () => {
    proxy = await startFaultyProxy(gatewayEndpoint);
    bucket = await makeBucket('versioned');
    ({ machine, id, backup } = await Machine.withBackup());
    other = Machine.withProjectOf(machine);
    const secrets = [await generateX25519Identity(), await generateX25519Identity()];
    encryptTo = await Promise.all(secrets.map(identityToRecipient));
    identity = path.join(other.root, '../identity');
    writeFileSync(identity, `${secrets[1]}\n`, { mode: 0o600 });
    machine.env = credentials('owner');
    other.env = { ...credentials('owner'), MIGBACKUP_IDENTITY: identity };
  }, 120_000);
  afterAll(async () => {
    machine[Symbol.dispose]();
    other[Symbol.dispose]();
    await proxy[Symbol.asyncDispose]();
  });

  function use(prefix: string, more: object = {}): void {
    const off = { url: `s3://${bucket}/${prefix}`, endpoint: proxy.endpoint, region: 'us-east-1', encryptTo, ...more };
    for (const each of [machine, other]) each.setRemotes({ off });
  }

  async function done(on: Machine, ...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await on.run(...args);
    expect(exitCode, `${args.join(' ')}: ${stdout}${stderr}`).toBe(0);
    return stdout;
  }

  const push = (): string[] => ['push', id, '--remote', 'off', '--yes'];
  const pull = (): string[] => ['pull', id, '--remote', 'off', '--yes'];

  /** What was sent as one object or one part of it: always the same bytes, or a key sealed two plaintexts. */
  class Sent {
    readonly #hashes = new Map<string, Set<string>>();

    readonly note = ({ operation, path: key, query }: S3Request, body: Buffer): void => {
      if (!['PutObject', 'UploadPart'].includes(operation) || !key.endsWith('.age')) return;
      const name = `${key} ${query.get('partNumber') ?? ''}`;
      this.#hashes.set(name, (this.#hashes.get(name) ?? new Set()).add(hash('sha256', body)));
    };

    get count(): number {
      return this.#hashes.size;
    }

    get withTwo(): string[] {
      return [...this.#hashes].flatMap(([name, hashes]) => (hashes.size > 1 ? [name] : []));
    }
  }

  test.each(['before', 'after'] as const)(
    'a push that is killed %s each request goes on with the same bytes, and the copy opens',
    { timeout: TIMEOUT },
    async (when) => {
      use('whole');
      proxy.reset();
      await done(machine, ...push());
      const count = proxy.requests.length;
      expect(count).toBeGreaterThan(12);
      await removeEverything(bucket, 'whole/');
      const sent = new Sent();
      let goneOn = 0;
      for (let at = 2; at <= count; at += stride(12)) {
        const prefix = `${when}-${at}`;
        use(prefix);
        const running = machine.start(...push());
        const kill = (): boolean => running.process.kill('SIGKILL');
        proxy.reset(
          ({ number }) => (when === 'before' && number >= at && kill() ? 'reset' : undefined),
          ({ number }) => when === 'after' && number >= at && kill(),
          sent.note,
        );
        expect((await running.ended).signal).toBe('SIGKILL');
        const before = await everything(bucket, `${prefix}/v1/data/`);
        proxy.reset(undefined, undefined, sent.note);
        await done(machine, ...push());
        const tags = new Set(
          (await everything(bucket, `${prefix}/v1/data/`)).versions.map(({ Key }) => Key?.split('/')[4]),
        );
        expect(tags.size, `killed ${when} ${at}`).toBe(1);
        if (before.versions.length > 0) goneOn++;
        proxy.reset();
        other.forget();
        await done(other, ...pull());
        expect(filesOf(path.join(other.backups, id))).toEqual(filesOf(backup));
        await removeEverything(bucket, `${prefix}/`);
      }
      expect(sent.count).toBeGreaterThan(8);
      expect(sent.withTwo).toEqual([]);
      expect(goneOn).toBeGreaterThan(0);
    },
  );

  test('a part is read with a few requests, and nothing else is fetched', { timeout: TIMEOUT }, async () => {
    use('part');
    await done(machine, ...push());
    const to = path.join(other.root, 'one');
    other.forget();
    proxy.reset();
    const only = ['--only', 'deployments/mainnet/Token.json'];
    await done(other, 'restore', id, '--remote', 'off', '--to', to, ...only);
    // The list, the commit, KEYS.age, the list of artifacts, the manifest and the index; of the archive both ends, the seek table and the frames.
    expect(proxy.requests.length).toBeLessThanOrEqual(10);
    expect(readFileSync(path.join(to, 'deployments/mainnet/Token.json'), 'utf8')).toBe('{"name":"Token"}\n');
    expect(existsSync(path.join(to, 'deployments/mainnet/bytecode.bin'))).toBe(false);
  });

  test(
    'a copy that breaks off or is altered on the way is refused, and the next pull goes on',
    { timeout: TIMEOUT },
    async () => {
      use('wire');
      await done(machine, ...push());
      for (const fault of ['altered-answer', 'cut-answer'] as const) {
        other.forget();
        proxy.reset(({ operation, path: key }) =>
          operation === 'GetObject' && key.endsWith('.age') && !key.endsWith('KEYS.age') ? fault : undefined,
        );
        const { exitCode, stdout, stderr } = await other.run(...pull());
        expect(proxy.fired).toBeGreaterThan(0);
        expect([4, 5], `${fault}: ${stdout}${stderr}`).toContain(exitCode);
        expect(existsSync(path.join(other.backups, id))).toBe(false);
        proxy.reset();
        await done(other, ...pull());
        expect(filesOf(path.join(other.backups, id))).toEqual(filesOf(backup));
      }
    },
  );

  test('another key opens a locked copy without any of it being sent again', { timeout: TIMEOUT }, async () => {
    const locked = await makeBucket('locked');
    const secret = await generateX25519Identity();
    const newKey = path.join(other.root, '../new-key');
    writeFileSync(newKey, `${secret}\n`, { mode: 0o600 });
    const settings = {
      url: `s3://${locked}/p`,
      endpoint: proxy.endpoint,
      region: 'us-east-1',
      lock: { mode: 'governance', days: 2 },
    };
    for (const each of [machine, other]) each.setRemotes({ off: { ...settings, encryptTo } });
    await done(machine, ...push());
    const rotated = { ...settings, encryptTo: [await identityToRecipient(secret)], singleRecipient: true };
    other.setRemotes({ off: rotated });
    other.forget();
    proxy.reset();
    await done(other, 'key', 'reseal', id, '--remote', 'off', '--yes');
    const sent = proxy.requests.filter(({ operation }) => /^(Put|Upload|Create|Delete)/.test(operation));
    expect(sent.map(({ path: key }) => key)).toEqual([expect.stringMatching(/\/KEYS-[0-9a-f]{32}\.age$/)]);
    const key = (sent[0]?.path ?? '').slice(`/${locked}/p/`.length);
    const until = await placeInBucket(locked, 'p').lockedUntil?.(key, null);
    expect(until?.getTime()).toBeGreaterThan(Date.now() + 1.9 * 86_400_000);
    await done(other, 'key', 'drill', id, '--remote', 'off', '--identity', newKey);
    await done(other, ...pull(), '--identity', newKey);
    expect(filesOf(path.join(other.backups, id))).toEqual(filesOf(backup));
    machine.setRemotes({ off: rotated });
    proxy.reset();
    expect(await done(machine, ...push())).toContain('was there');
    expect(proxy.requests.filter(({ operation }) => operation.startsWith('Put'))).toEqual([]);
  });

  test.skipIf(whyNoAge !== null)(withReason('age alone opens it', whyNoAge), { timeout: TIMEOUT }, async () => {
    use('by-hand');
    await done(machine, ...push());
    const place = placeInBucket(bucket, 'by-hand');
    const [commit] = await place.commits();
    const { statement } = JSON.parse(commit?.bytes.toString('utf8') ?? '');
    const { tag, objects }: { tag: string; objects: { name: string; versionId: string | null }[] } =
      JSON.parse(statement);
    const folder = path.join(other.root, 'by-hand');
    mkdirSync(folder);
    for (const { name, versionId } of objects)
      writeFileSync(path.join(folder, name), await place.bytesOf(`v1/data/${id}/${tag}/${name}`, versionId));
    const key = path.join(folder, 'key');
    writeFileSync(key, execFileSync(`${age}/age`, ['-d', '-i', identity, path.join(folder, 'KEYS.age')]), {
      mode: 0o600,
    });
    const open = (number: number): Buffer =>
      execFileSync(`${age}/age`, ['-d', '-i', key, path.join(folder, `${number}.age`)], { maxBuffer: 1 << 28 });
    const lines = open(0).toString('utf8').trim().split('\n');
    const opened = new Map(lines.map((line, at) => [line.slice(66), open(at + 1)]));
    opened.set('checksums/ARTIFACTS.sha256', open(0));
    expect(opened).toEqual(filesOf(backup));
  });
});
