import { execFileSync, spawnSync } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openReader } from '../../src/core/fs/readable-file.ts';
import type { KeysAtHand } from '../../src/core/model/event.ts';
import { OpenedFile } from '../../src/core/protection/opened-file.ts';
import { parseRecipients } from '../../src/core/protection/recipients.ts';
import { newSeal, SealedFile } from '../../src/core/protection/sealed-file.ts';
import { openKeys, sealKeys } from '../../src/core/protection/sealed-keys.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* age itself opens what migbackup encrypts, and migbackup what age does; both refuse the same damage. */
const age = inject('age');
const why = age === null ? 'age could not be fetched' : null;
const CHUNK = 65_536;
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 128 * CHUNK, 128 * CHUNK + 1, 20_000_001];
const TIMEOUT = 300_000;
const pathBefore = process.env['PATH'];

describe.skipIf(why !== null)(withReason('age', why), () => {
  let temp: TempFolder;
  let identity: string;
  let recipient: string;
  const at = (name: string): string => path.join(temp.path, name);
  const run = (program: string, ...args: readonly string[]): Buffer =>
    execFileSync(program, args, { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });

  /** The identity of a copy that these keys open. */
  async function openIt(bytes: Buffer, keys: KeysAtHand): Promise<string> {
    return (await openKeys(bytes, keys, { what: 'it', recipients: [] })).identity;
  }

  /** The identity and the recipient in a new file. */
  function keygen(name: string, ...args: readonly string[]): [string, string] {
    run('age-keygen', ...args, '-o', at(name));
    const lines = fs.readFileSync(at(name), 'utf8').trim().split('\n');
    return [lines.at(-1) ?? '', run('age-keygen', '-y', at(name)).toString().trim()];
  }

  beforeAll(() => {
    temp = tempFolder();
    process.env['PATH'] = `${age}:${pathBefore}`;
    [identity, recipient] = keygen('identity');
  });
  afterAll(() => {
    process.env['PATH'] = pathBefore;
    temp[Symbol.dispose]();
  });

  async function sealTo(name: string, plain: Buffer): Promise<void> {
    fs.writeFileSync(at('plain'), plain);
    const about = { file: at('plain'), name: 'plain', size: plain.length, sha256: hash('sha256', plain) };
    const sealed = await SealedFile.make(about, await newSeal(recipient));
    const bytes = Buffer.alloc(sealed.size);
    const reader = sealed.open();
    expect(reader.read(bytes, 0)).toBe(sealed.size);
    reader.close();
    fs.writeFileSync(at(name), bytes);
  }

  async function openFrom(name: string): Promise<Buffer> {
    const reader = openReader(at(name));
    const { size } = fs.statSync(at(name));
    const read = async function* (from: number, to: number): AsyncGenerator<Buffer> {
      const block = Buffer.alloc(to - from);
      yield block.subarray(0, reader.read(block, from));
    };
    const chunks: Buffer[] = [];
    try {
      const file = new OpenedFile({ name, size, read }, identity);
      for await (const chunk of file.read(0, file.size)) chunks.push(Buffer.from(chunk));
    } finally {
      reader.close();
    }
    return Buffer.concat(chunks);
  }

  const openByAge = (name: string): Buffer => run('age', '-d', '-i', at('identity'), at(name));

  test.each(SIZES)('%i bytes, both ways', { timeout: TIMEOUT }, async (size) => {
    const plain = randomBytes(size);
    await sealTo('ours', plain);
    expect(openByAge('ours').equals(plain)).toBe(true);
    fs.writeFileSync(at('plain'), plain);
    run('age', '-r', recipient, '-o', at('theirs'), at('plain'));
    expect((await openFrom('theirs')).equals(plain)).toBe(true);
    for (const name of ['ours', 'theirs']) fs.rmSync(at(name));
  });

  const HEAD = 184;
  const SEALED = CHUNK + 16;
  const flipped = (bytes: Buffer, place: number): Buffer => {
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    return bytes;
  };
  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['with a bit of the header turned', (bytes) => flipped(bytes, 100)],
    ['with a bit of the nonce turned', (bytes) => flipped(bytes, HEAD - 1)],
    ['with a bit of a chunk turned', (bytes) => flipped(bytes, HEAD + SEALED + 9)],
    ['with a bit of the last tag turned', (bytes) => flipped(bytes, bytes.length - 1)],
    ['cut after a chunk', (bytes) => bytes.subarray(0, HEAD + SEALED)],
    ['cut by a byte', (bytes) => bytes.subarray(0, -1)],
    ['without its chunks', (bytes) => bytes.subarray(0, HEAD)],
    ['longer by a byte', (bytes) => Buffer.concat([bytes, Buffer.of(7)])],
    [
      'with two chunks exchanged',
      (bytes) =>
        Buffer.concat([
          bytes.subarray(0, HEAD),
          bytes.subarray(HEAD + SEALED, HEAD + 2 * SEALED),
          bytes.subarray(HEAD, HEAD + SEALED),
          bytes.subarray(HEAD + 2 * SEALED),
        ]),
    ],
  ])('%s: both refuse it', async (_what, damage) => {
    await sealTo('damaged', randomBytes(2 * CHUNK + 7));
    fs.writeFileSync(at('damaged'), damage(fs.readFileSync(at('damaged'))));
    expect(spawnSync('age', ['-d', '-i', at('identity'), at('damaged')]).status).not.toBe(0);
    await expect(openFrom('damaged')).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  });

  test('another key opens nothing', async () => {
    keygen('other');
    await sealTo('for-one', randomBytes(9));
    expect(spawnSync('age', ['-d', '-i', at('other'), at('for-one')]).status).not.toBe(0);
  });

  test.each(['x25519', 'post-quantum'])('KEYS.age for %s keys, both ways', { timeout: TIMEOUT }, async (kind) => {
    const pair = ['one', 'two'].map((name) => keygen(`${kind}-${name}`, ...(kind === 'x25519' ? [] : ['-pq'])));
    const recipients = parseRecipients(
      pair.map(([, to]) => to),
      false,
    );
    const [secret] = keygen(`${kind}-copy`);
    const sealed = await sealKeys(secret, recipients, {});
    fs.writeFileSync(at('KEYS.age'), sealed);
    for (const name of ['one', 'two']) {
      const file = at(`${kind}-${name}`);
      expect(run('age', '-d', '-i', file, at('KEYS.age')).toString().trim()).toBe(secret);
      expect(await openIt(sealed, { identity: file })).toBe(secret);
    }
    fs.writeFileSync(at('key-alone'), `${secret}\n`);
    run('age', ...recipients.flatMap(({ text }) => ['-r', text]), '-o', at('theirs'), at('key-alone'));
    expect(await openIt(fs.readFileSync(at('theirs')), { identity: at(`${kind}-two`) })).toBe(secret);
    await expect(openIt(sealed, { identity: at('identity') })).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });

  test('KEYS.age for a passphrase, both ways', { timeout: TIMEOUT }, async () => {
    const env = { ...process.env, AGE_PASSPHRASE: 'correct horse battery staple' };
    fs.writeFileSync(at('passphrase'), `${env.AGE_PASSPHRASE}\n`, { mode: 0o600 });
    const keys = { passphrase: at('passphrase') };
    const [secret] = keygen('passphrase-copy');
    fs.writeFileSync(at('KEYS.age'), await sealKeys(secret, parseRecipients(['passphrase'], false), keys));
    const opened = execFileSync('age', ['-d', '-j', 'batchpass', at('KEYS.age')], { env });
    expect(opened.toString().trim()).toBe(secret);
    const theirs = execFileSync('age', ['-e', '-j', 'batchpass'], { env, input: `${secret}\n` });
    expect(await openIt(theirs, keys)).toBe(secret);
  });

  test('KEYS.age opens with the identity of a plugin, and says so where there is no such plugin', async () => {
    const pair = ['plugin-one', 'plugin-two'].map((name) => keygen(name, '-pq'));
    const recipients = parseRecipients(
      pair.map(([, to]) => to),
      false,
    );
    const [secret] = keygen('plugin-copy');
    const sealed = await sealKeys(secret, recipients, {});
    run('age-plugin-pq', '-identity', '-o', at('plugin-identity'), at('plugin-two'));
    fs.chmodSync(at('plugin-identity'), 0o600);
    expect(fs.readFileSync(at('plugin-identity'), 'utf8')).toContain('AGE-PLUGIN-PQ-');
    expect(await openIt(sealed, { identity: at('plugin-identity') })).toBe(secret);
    const absent = parseRecipients(['age1absent1qqqqqqqqqq', recipient], false);
    await expect(sealKeys(secret, absent, {})).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
  });

  test.each([
    ['ed25519', []],
    ['rsa', ['-b', '2048']],
  ] as const)('KEYS.age for SSH keys: %s', { timeout: TIMEOUT }, async (type, more) => {
    for (const name of ['one', 'two'])
      run('ssh-keygen', '-q', '-t', type, ...more, '-N', '', '-f', at(`${type}-${name}`));
    const texts = ['one', 'two'].map((name) => fs.readFileSync(at(`${type}-${name}.pub`), 'utf8').trim());
    const [secret] = keygen(`${type}-copy`);
    const sealed = await sealKeys(secret, parseRecipients([...texts, recipient], false), {});
    fs.writeFileSync(at('KEYS.age'), sealed);
    for (const name of [`${type}-one`, `${type}-two`, 'identity']) {
      expect(run('age', '-d', '-i', at(name), at('KEYS.age')).toString().trim()).toBe(secret);
      expect(await openIt(sealed, { identity: at(name) })).toBe(secret);
    }
    run('ssh-keygen', '-q', '-t', type, ...more, '-N', '', '-f', at(`${type}-stranger`));
    await expect(openIt(sealed, { identity: at(`${type}-stranger`) })).rejects.toMatchObject({
      code: 'KEY_MISSING',
    });
  });
});
