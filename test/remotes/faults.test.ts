import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultyProxy, type Fault, type FaultyProxy, type S3Request } from '../servers/s3/faulty-proxy.ts';
import { stride } from '../support/effort.ts';
import { withReason } from '../support/skipped.ts';
import { gatewayEndpoint, makeBucket, whyNoS3 } from './support/bucket.ts';
import { filesOf, judge, placeInBucket } from './support/judge.ts';
import { credentials, Machine } from './support/machine.ts';

/*
 * What networks and servers do to a request, one fault at each kind of request. A push that ends with 0 has made a copy that is whole; one that does not
 * says why, and the next one makes it.
 */
const TIMEOUT = 1_200_000;

/** Faults that pass: the request succeeds when it is repeated, so the command has to. */
const PASSING = [
  'reset',
  'lost-answer',
  'unavailable',
  'error-in-200',
  'cut-body',
  'altered-body',
  'cut-answer',
] as const;

const ALL_FAULTS: readonly Fault[] = [...PASSING, 'altered-answer', 'expired'];

/** The same kind of request is made for many objects: it is tried once for small ones, once for large ones and once for commits. */
function kindOf({ operation, path: key }: S3Request): string {
  const what = key.includes('/v1/commits/') ? 'a commit' : key.endsWith('.tar.zst') ? 'an archive' : 'a small object';
  return `${operation} ${/^List(Object|Multipart)/.test(operation) ? '' : what}`.trim();
}

describe.skipIf(whyNoS3 !== null)(withReason('a fault at each kind of request', whyNoS3), () => {
  let proxy: FaultyProxy;
  let machine: Machine;
  let other: Machine;
  let id: string;
  let backup: string;
  let bucket: string;
  beforeAll(async () => {
    proxy = await startFaultyProxy(gatewayEndpoint);
    bucket = await makeBucket('plain');
    ({ machine, id, backup } = await Machine.withBackup());
    other = Machine.withProjectOf(machine);
    for (const each of [machine, other]) each.env = credentials('owner');
  }, 120_000);
  afterAll(async () => {
    machine[Symbol.dispose]();
    other[Symbol.dispose]();
    await proxy[Symbol.asyncDispose]();
  });

  const use = (prefix: string): ReturnType<typeof placeInBucket> => {
    for (const each of [machine, other])
      each.setRemotes({ off: { url: `s3://${bucket}/${prefix}`, endpoint: proxy.endpoint, region: 'us-east-1' } });
    return placeInBucket(bucket, prefix);
  };
  /** The fault happens once, to the first request of a kind. */
  const faultAtFirst = (kind: string, fault: Fault): void =>
    proxy.reset((request) => (kindOf(request) === kind && proxy.fired === 0 ? fault : undefined));
  const push = (): ReturnType<Machine['run']> => machine.run('push', id, '--remote', 'off', '--yes');
  const pull = (): ReturnType<Machine['run']> => other.run('pull', id, '--remote', 'off', '--yes');

  /** Every kind of request that a command makes. In a part of the suite: some of them, others for each fault. */
  async function kindsOf(command: () => ReturnType<Machine['run']>, fault: Fault): Promise<readonly string[]> {
    proxy.reset();
    const { exitCode, stdout, stderr } = await command();
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
    const kinds = [...new Set(proxy.requests.map(kindOf))].filter((kind) => {
      // Elsewhere there is nothing to break off or to change.
      if (fault.endsWith('-body')) return /^(Put|Upload|Complete)/.test(kind);
      return fault !== 'cut-answer' || /^(Get|List)/.test(kind);
    });
    expect(kinds.length).toBeGreaterThan(1);
    const step = stride(4);
    const some = kinds.filter((_, at) => (at + ALL_FAULTS.indexOf(fault)) % step === 0);
    return some.length > 0 ? some : kinds.slice(-1);
  }

  test.each(PASSING)('push: %s', { timeout: TIMEOUT }, async (fault: Fault) => {
    use(`clean-${fault}`);
    const kinds = await kindsOf(push, fault);
    const ends: string[] = [];
    for (const kind of kinds) {
      const place = use(`${fault}-${kind.replaceAll(' ', '-')}`);
      faultAtFirst(kind, fault);
      const { exitCode, stdout, stderr } = await push();
      expect(proxy.fired, `${fault} at ${kind}`).toBe(1);
      proxy.reset();
      const first = await judge(place, [backup]);
      expect(first.wrong, `${fault} at ${kind}`).toEqual([]);
      // The object is not there, or the parts are others, and only the look afterwards tells: the next push does it again.
      const isNoticedLate = fault === 'error-in-200' || (fault === 'altered-body' && kind.startsWith('Complete'));
      if (isNoticedLate && exitCode === 5)
        expect((await push()).exitCode, `pushed again after ${fault} at ${kind}`).toBe(0);
      else expect(exitCode, `${fault} at ${kind}: ${stdout}${stderr}`).toBe(0);
      expect(await judge(place, [backup])).toEqual({ copies: [expect.stringContaining(id)], wrong: [] });
      ends.push(`${kind} (${exitCode})`);
    }
    process.stdout.write(`push, ${fault} at ${ends.length} kinds of requests: ${ends.join(', ')}\n`);
  });

  test.each(['reset', 'lost-answer', 'unavailable', 'cut-answer', 'altered-answer'] as const)(
    'pull: %s',
    { timeout: TIMEOUT },
    async (fault: Fault) => {
      use('to-pull');
      await push();
      other.forget();
      const kinds = await kindsOf(pull, fault);
      for (const kind of kinds) {
        other.forget();
        faultAtFirst(kind, fault);
        const { exitCode, stdout, stderr } = await pull();
        expect(proxy.fired, `${fault} at ${kind}`).toBe(1);
        proxy.reset();
        // An answer with other bytes is noticed, whatever it is called.
        if (fault !== 'altered-answer') expect(exitCode, `${fault} at ${kind}: ${stdout}${stderr}`).toBe(0);
        const listed = await other.run('list', '--json');
        expect(listed.stdout.includes(`"${id}"`), `listed after ${fault} at ${kind}`).toBe(exitCode === 0);
        if (exitCode !== 0) expect((await pull()).exitCode).toBe(0);
        expect(filesOf(path.join(other.backups, id))).toEqual(filesOf(backup));
      }
    },
  );

  test.each([
    ['unavailable', 5, /did not answer/],
    ['reset', 5, /did not answer/],
    ['expired', 5, /credentials .*expired/i],
  ] as const)(
    'a server that goes on with %s: exit %i, and the next push goes on',
    { timeout: TIMEOUT },
    async (fault, code, words) => {
      use(`count-${fault}`);
      const kinds = await kindsOf(push, fault);
      for (const kind of kinds) {
        const place = use(`on-${fault}-${kind.replaceAll(' ', '-')}`);
        let began = false;
        proxy.reset((request) => {
          began ||= kindOf(request) === kind;
          return began ? fault : undefined;
        });
        const { exitCode, stdout, stderr } = await push();
        expect(proxy.fired).toBeGreaterThan(0);
        const sent = proxy.requests.filter(({ operation }) => operation === 'UploadPart').length;
        proxy.reset();
        expect(exitCode, `${fault} from ${kind} on: ${stdout}${stderr}`).toBe(code);
        expect(stderr).toMatch(words);
        expect((await judge(place, [backup])).wrong).toEqual([]);
        const again = await push();
        expect(again.exitCode, `${again.stdout}${again.stderr}`).toBe(0);
        expect(await judge(place, [backup])).toEqual({ copies: [expect.stringContaining(id)], wrong: [] });
        // Parts that were there are not sent again.
        if (kind === 'CompleteMultipartUpload an archive')
          expect(proxy.requests.filter(({ operation }) => operation === 'UploadPart').length).toBeLessThan(sent);
      }
    },
  );

  test(
    'a server that states another checksum than that of the bytes gets no commit, and verify finds it',
    { timeout: TIMEOUT },
    async () => {
      const place = use('checksum');
      proxy.reset(({ operation, path: key }) =>
        operation === 'HeadObject' && key.endsWith('.zst') ? 'other-checksum' : undefined,
      );
      const { exitCode, stdout, stderr } = await push();
      expect([4, 5], `${stdout}${stderr}`).toContain(exitCode);
      proxy.reset();
      expect((await judge(place, [backup])).copies).toEqual([]);
      expect((await push()).exitCode).toBe(0);
      const verify = ['verify', id, '--remote', 'off'];
      expect((await machine.run(...verify)).exitCode).toBe(0);
      proxy.reset(({ operation, path: key }) =>
        operation === 'HeadObject' && key.endsWith('.zst') ? 'other-checksum' : undefined,
      );
      expect((await machine.run(...verify)).exitCode).toBe(4);
      proxy.reset();
    },
  );

  test.each([
    ['an hour ahead', 3_600_000],
    ['an hour behind', -3_600_000],
    ['ten minutes ahead', 600_000],
  ])('a clock that is %s', { timeout: TIMEOUT }, async (_, off) => {
    const place = use(`clock${off}`);
    const code = `const D = Date; globalThis.Date = class extends D { constructor(...a) { if (a.length === 0) super(D.now() + ${off}); else super(...a); } static now() { return D.now() + ${off}; } };`;
    machine.env = {
      ...credentials('owner'),
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}`,
    };
    const { exitCode, stdout, stderr } = await push();
    machine.env = credentials('owner');
    const verdict = await judge(place, [backup]);
    expect(verdict.wrong).toEqual([]);
    if (exitCode === 0) expect(verdict.copies).toHaveLength(1);
    else {
      expect(exitCode, `${stdout}${stderr}`).toBe(5);
      expect(stderr).toMatch(/time|clock/);
      expect(verdict.copies).toEqual([]);
    }
    process.stdout.write(`a clock off by ${off} ms: exit ${exitCode}\n`);
  });
});
