import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { put } from '../../support/files.ts';
import { flipBit } from '../../support/flip-bit.ts';
import { runCli } from '../../support/run-cli.ts';
import { withReason } from '../../support/skipped.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { hasTerminal, runOnTerminal } from '../../support/terminal.ts';

/** Keys from their making to the copy that they open, by the command line alone: what it prints is looked at for secrets. */

const temp = tempFolder();
const at = (...parts: string[]): string => path.join(temp.path, ...parts);
const env = {
  HOME: temp.path,
  XDG_STATE_HOME: at('state'),
  XDG_CACHE_HOME: at('cache'),
  XDG_CONFIG_HOME: at('config'),
};
const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const noAge = has('age') && has('age-keygen') ? null : 'there is no program age';
const SECRET = /AGE-SECRET-KEY|PRIVATE KEY/;

afterAll(() => temp[Symbol.dispose]());

async function run(args: readonly string[], cwd: string, exitCode = 0, more: Record<string, string> = {}) {
  const result = await runCli(args, { cwd, env: { ...env, ...more } });
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode });
  expect(result.stdout + result.stderr).not.toMatch(SECRET);
  return result;
}

async function json(args: readonly string[], cwd: string, exitCode = 0, more: Record<string, string> = {}) {
  return JSON.parse((await run([...args, '--json'], cwd, exitCode, more)).stdout);
}

/** A project with a backup, and a folder as its remote. */
async function makeProject(name: string, remote: object): Promise<string> {
  const root = at(name);
  put(root, 'package.json', '{"name": "sample"}\n');
  put(root, 'docs/long.md', 'a text that is not the shortest');
  put(root, 'docs/short.md', 'short');
  put(root, 'docs/empty.md', '');
  configure(name, remote);
  await run(['remote', 'init', 'far'], root);
  await run(['create'], root);
  return root;
}

function configure(name: string, remote: object): void {
  fs.mkdirSync(at(`${name}-far`), { recursive: true });
  const categories = { docs: { sources: { all: { path: 'docs' } } } };
  const config = { project: name, categories, remotes: { far: { url: `file://${at(`${name}-far`)}`, ...remote } } };
  fs.writeFileSync(at(name, 'migbackup.config.json'), JSON.stringify(config));
}

interface MadeKey {
  readonly file: string;
  readonly recipient: string;
  readonly fingerprint: string;
}

async function makeKey(file: string, ...more: string[]): Promise<MadeKey> {
  return json(['key', 'new', at(file), ...more], temp.path);
}

const push = (root: string, more: Record<string, string> = {}) => run(['push', '--yes'], root, 0, more);

describe('key new', () => {
  let root: string;
  beforeAll(async () => {
    root = await makeProject('new', {});
  });

  test('makes an identity as age-keygen does, which only its owner may read', async () => {
    const { file, recipient, fingerprint } = await makeKey('made.txt');
    expect(file).toBe(at('made.txt'));
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    const text = fs.readFileSync(file, 'utf8');
    expect(text).toMatch(
      /^# created: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n# public key: age1\w{58}\nAGE-SECRET-KEY-1\w{58}\n$/,
    );
    expect(text).toContain(`# public key: ${recipient}\n`);
    expect(fingerprint).toMatch(/^x25519:[0-9a-f]{32}$/);
    const hybrid = await makeKey('hybrid.txt', '--post-quantum');
    expect(hybrid).toMatchObject({ kind: 'post-quantum', recipient: expect.stringMatching(/^age1pq1\w{1952}$/) });
    expect(fs.readFileSync(hybrid.file, 'utf8')).toContain('\nAGE-SECRET-KEY-PQ-1');
  });

  test.skipIf(noAge !== null)(withReason('age-keygen reads it', noAge), async () => {
    const { file, recipient } = await makeKey('for-age.txt');
    expect(execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' })).toBe(`${recipient}\n`);
  });

  test('without a name it is a new file among the settings of the user', async () => {
    const one = await json(['key', 'new'], root);
    const two = await json(['key', 'new'], root);
    for (const { file, fingerprint } of [one, two])
      expect(file).toBe(at('config/migbackup/keys', `${fingerprint.replace(':', '-')}.txt`));
    expect(one.file).not.toBe(two.file);
    expect(fs.statSync(path.dirname(one.file)).mode & 0o777).toBe(0o700);
    const { stdout } = await run(['key', 'new'], root);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /made x25519:\w{32} age1\w{58} in .* 1\. Keep a second copy .*"encryptTo".* Next: migbackup key drill --identity \S+ $/,
    );
  });

  test('it replaces nothing, and a link is something', async () => {
    fs.writeFileSync(at('there.txt'), 'as it was');
    fs.symlinkSync(at('nowhere.txt'), at('link.txt'));
    for (const name of ['there.txt', 'link.txt'])
      expect(await json(['key', 'new', at(name)], root, 6)).toMatchObject({ error: { code: 'TARGET_NOT_EMPTY' } });
    expect(fs.readFileSync(at('there.txt'), 'utf8')).toBe('as it was');
    expect(fs.existsSync(at('nowhere.txt'))).toBe(false);
    expect(await json(['key', 'new', at('no-folder/key.txt')], root, 5)).toMatchObject({ error: { code: 'IO' } });
  });

  test('it does not go into the project or the backups folder, by whatever way', async () => {
    fs.symlinkSync(path.join(root, 'docs'), at('way'));
    fs.mkdirSync(at('kept'));
    const inside = ['key.txt', 'docs/key.txt', path.join(at('way'), 'key.txt'), 'backups/key.txt'];
    for (const place of inside)
      expect(await json(['key', 'new', place], root, 6)).toMatchObject({ error: { code: 'UNSAFE_TARGET' } });
    const elsewhere = ['key', 'new', at('kept/key.txt'), '--backups', at('kept')];
    expect(await json(elsewhere, root, 6)).toMatchObject({ error: { code: 'UNSAFE_TARGET' } });
    const settings = { XDG_CONFIG_HOME: path.join(root, 'docs') };
    expect(await json(['key', 'new'], root, 6, settings)).toMatchObject({ error: { code: 'UNSAFE_TARGET' } });
    const found = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('key'));
    expect(found).toEqual([]);
  });
});

describe('key drill', () => {
  let root: string;
  let mine: MadeKey;
  let safe: MadeKey;
  let id: string;

  beforeAll(async () => {
    mine = await makeKey('mine.txt');
    safe = await makeKey('safe.txt');
    root = await makeProject('drilled', { encryptTo: [mine.recipient, safe.recipient] });
    await push(root);
    id = (await json(['list'], root)).backups[0].backupId;
  });

  const drill = (exitCode: number, ...more: string[]) => json(['key', 'drill', ...more], root, exitCode);
  const findings = async () => (await json(['report'], root)).findings;
  const check = async () =>
    (await json(['validate'], root)).checks.find((one: { readonly id: string }) => one.id === 'keys');

  test('until a drill is on record, validate, report and status say that nothing was ever opened', async () => {
    const message = 'what is in far was never opened since it was encrypted';
    expect(await findings()).toContainEqual(expect.objectContaining({ code: 'keys-not-drilled', message }));
    expect(await check()).toMatchObject({ status: 'warning', message });
    expect(await json(['status'], root)).toMatchObject({ notDrilled: ['far'] });
    const { stdout } = await run(['status'], root);
    expect(stdout).toContain('migbackup key drill --remote far');
  });

  test('without a key, and with a wrong one, it shows what can be known of the copy', async () => {
    const recipients = [mine.fingerprint, safe.fingerprint].toSorted();
    const none = (await drill(6)).error;
    const envelope = { backupId: id, objects: 8, bytes: expect.any(Number), createdAt: expect.any(String) };
    expect(none).toMatchObject({ code: 'KEY_MISSING', details: { recipients, tried: [], envelope } });
    for (const fingerprint of recipients) expect(none.message).toContain(fingerprint);
    expect(none.message).toMatch(/\(8 objects of \d+ bytes, made 2\S+Z, pushed 2\S+Z\)$/);
    const wrong = await makeKey('wrong.txt');
    const other = (await drill(6, '--identity', wrong.file)).error;
    expect(other).toMatchObject({ code: 'KEY_MISSING', details: { recipients, tried: [wrong.fingerprint], envelope } });
    expect(other.message).toContain(`the key that was tried is for ${wrong.fingerprint}`);
    // Other commands that read the copy say the same.
    const shown = await json(['show', id, '--remote', 'far', '--identity', wrong.file], root, 6);
    expect(shown.error.details).toEqual(other.details);
    expect(await check()).toMatchObject({ status: 'warning' });
  });

  test('a key that others may read is refused', async () => {
    fs.copyFileSync(mine.file, at('open.txt'));
    fs.chmodSync(at('open.txt'), 0o640);
    const { error } = await drill(5, '--identity', at('open.txt'));
    expect(error).toMatchObject({ code: 'KEY_UNUSABLE', message: expect.stringContaining('other users may read') });
  });

  test('a key opens the copy, and its smallest file comes back; that is on record, and no name or secret is', async () => {
    const report = await drill(0, '--identity', mine.file);
    const recipients = [mine.fingerprint, safe.fingerprint].toSorted();
    expect(report).toMatchObject({ backupId: id, remote: 'far', recipients, openedBy: mine.fingerprint, findings: [] });
    expect(report.file).toMatchObject({ path: 'docs/short.md', bytes: 5 });
    const log = fs.readFileSync(path.join(root, 'backups/reports/operations.ndjson'), 'utf8');
    const line = JSON.parse(log.trimEnd().split('\n').at(-1) ?? '');
    const drilled = { remote: 'far', place: `file://${at('drilled-far')}`, tag: report.tag, recipients };
    expect(line).toMatchObject({
      operation: 'key-drill',
      backupId: id,
      drill: { ...drilled, openedBy: mine.fingerprint },
    });
    expect(log).not.toMatch(SECRET);
    expect(log).not.toContain('short.md');
    expect(await findings()).toEqual([]);
    expect(await check()).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/^a key opened what is in far on 2/),
    });
    expect(await json(['status'], root)).toMatchObject({ notDrilled: [] });
    const { stdout } = await run(['key', 'drill', id, '--identity', safe.file], root);
    expect(stdout).toContain(`also for  ${mine.fingerprint} (not tried)`);
  });

  test('what it restored is gone afterwards', async () => {
    fs.mkdirSync(at('scratch'), { recursive: true });
    await run(['key', 'drill', '--identity', mine.file], root, 0, { TMPDIR: at('scratch') });
    await run(['key', 'drill', '--identity', at('wrong.txt')], root, 6, { TMPDIR: at('scratch') });
    expect(fs.readdirSync(at('scratch'))).toEqual([]);
  });

  test('after the keys were changed it has to be done again, with the copy for the new ones', async () => {
    const next = await makeKey('next.txt');
    configure('drilled', { encryptTo: [mine.recipient, next.recipient] });
    await push(root);
    expect(await check()).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('its keys were changed'),
    });
    expect(await findings()).toMatchObject([{ code: 'keys-not-drilled' }]);
    // The older copy proves nothing of the new key.
    const { copies } = (await json(['list'], root)).backups[0];
    const old = await drill(0, '--identity', mine.file, '--copy', copies[0].tag);
    expect(old.findings).toMatchObject([{ code: 'keys-not-drilled' }]);
    const report = await drill(0, '--identity', next.file);
    expect(report).toMatchObject({ tag: copies[1].tag, openedBy: next.fingerprint, findings: [] });
    expect(await check()).toMatchObject({ status: 'ok' });
  });

  test('a damaged copy is exit 4, and nothing is on record', async () => {
    const other = await makeProject('damaged', { encryptTo: [mine.recipient], singleRecipient: true });
    await push(other);
    const data = at('damaged-far/v1/data');
    const names = fs.readdirSync(data, { recursive: true, encoding: 'utf8' });
    const archive = names.find((name) => name.endsWith('/1.age')) ?? '';
    const sizes = names.filter((name) => name.endsWith('.age') && !name.endsWith('KEYS.age'));
    expect(archive, sizes.join()).not.toBe('');
    // Every object but KEYS.age in turn: what the drill reads has to be whole, whatever it is.
    const codes = new Set<string>();
    for (const name of sizes) {
      const file = path.join(data, name);
      const before = fs.readFileSync(file);
      flipBit(file, before.length - 1);
      const result = await runCli(['key', 'drill', '--json', '--identity', mine.file], { cwd: other, env });
      fs.writeFileSync(file, before);
      if (result.exitCode === 0) continue;
      expect(result.exitCode).toBe(4);
      codes.add(`${JSON.parse(result.stdout).error.code} ${path.basename(name)}`);
    }
    // The list of artifacts, an archive, the index and the manifest.
    expect([...codes].map((code) => code.split(' ')[0])).toEqual(Array.from({ length: 4 }, () => 'BACKUP_DAMAGED'));
  });

  test('a copy that is not encrypted needs no key', async () => {
    const other = await makeProject('plain', {});
    await push(other);
    expect(await json(['key', 'drill', '--identity', mine.file], other, 2)).toMatchObject({ error: { code: 'USAGE' } });
    expect(await json(['key', 'drill'], other, 2)).toMatchObject({ error: { code: 'USAGE' } });
  });
});

describe('each kind of recipient: pushed, opened again, and pulled', () => {
  interface Kind {
    readonly encryptTo: readonly string[];
    /** For a push, and for what opens the copy. */
    readonly env: Record<string, string>;
    readonly openedBy: RegExp;
  }

  const keyFile = (name: string): string => at(name);
  function sshKey(name: string, type: string): string {
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', at(name)]);
    return fs.readFileSync(at(`${name}.pub`), 'utf8').trim();
  }

  const KINDS: readonly [what: string, needsAge: boolean, make: () => Promise<Kind> | Kind][] = [
    [
      'X25519',
      false,
      async () => {
        const [one, two] = [await makeKey('x1.txt'), await makeKey('x2.txt')];
        const encryptTo = [one.recipient, two.recipient];
        return { encryptTo, env: { MIGBACKUP_IDENTITY: two.file }, openedBy: new RegExp(two.fingerprint) };
      },
    ],
    [
      'post-quantum',
      false,
      async () => {
        const [one, two] = [await makeKey('q1.txt', '--post-quantum'), await makeKey('q2.txt', '--post-quantum')];
        const encryptTo = [one.recipient, two.recipient];
        return { encryptTo, env: { MIGBACKUP_IDENTITY: one.file }, openedBy: new RegExp(one.fingerprint) };
      },
    ],
    [
      'a passphrase',
      false,
      () => {
        fs.writeFileSync(at('phrase'), 'correct horse battery staple\n', { mode: 0o600 });
        return {
          encryptTo: ['passphrase'],
          env: { MIGBACKUP_PASSPHRASE_FILE: at('phrase') },
          openedBy: /^passphrase$/,
        };
      },
    ],
    [
      'several identities in one file, of which the last fits',
      false,
      async () => {
        const [one, two] = [await makeKey('m1.txt'), await makeKey('m2.txt')];
        const both = `${fs.readFileSync(two.file, 'utf8')}\n${fs.readFileSync(one.file, 'utf8')}`;
        fs.writeFileSync(at('m3.txt'), both, { mode: 0o600 });
        const encryptTo = [one.recipient, (await makeKey('m4.txt')).recipient];
        return { encryptTo, env: { MIGBACKUP_IDENTITY: at('m3.txt') }, openedBy: new RegExp(one.fingerprint) };
      },
    ],
    [
      'ssh-ed25519, beside an X25519 key',
      true,
      async () => {
        const encryptTo = [sshKey('ed', 'ed25519'), (await makeKey('beside.txt')).recipient];
        return { encryptTo, env: { MIGBACKUP_IDENTITY: keyFile('ed') }, openedBy: /^ssh:\w{32}$/ };
      },
    ],
    [
      'ssh-rsa',
      true,
      () => {
        const encryptTo = [sshKey('rsa', 'rsa'), sshKey('rsa2', 'rsa')];
        return { encryptTo, env: { MIGBACKUP_IDENTITY: keyFile('rsa') }, openedBy: /^ssh:\w{32}$/ };
      },
    ],
  ];

  for (const [what, needsAge, make] of KINDS) {
    const reason = needsAge ? noAge : null;
    test.skipIf(reason !== null)(withReason(what, reason), async () => {
      const { encryptTo, env: keys, openedBy } = await make();
      const name = what.replaceAll(/\W+/g, '-').toLowerCase();
      const root = await makeProject(name, { encryptTo });
      await push(root, keys);
      const report = await json(['key', 'drill'], root, 0, keys);
      expect(report).toMatchObject({ openedBy: expect.stringMatching(openedBy), file: { path: 'docs/short.md' } });
      expect(report.recipients).toContain(report.openedBy);
      await run(['pull', '--backups', at(`${name}-pulled`)], root, 0, keys);
      await run(['verify', '--backups', at(`${name}-pulled`)], root);
      // Nobody else opens it.
      expect(await json(['key', 'drill'], root, 6)).toMatchObject({ error: { code: 'KEY_MISSING' } });
      const stranger = { MIGBACKUP_IDENTITY: (await makeKey(`${name}-stranger.txt`)).file };
      expect(await json(['key', 'drill'], root, 6, stranger)).toMatchObject({ error: { code: 'KEY_MISSING' } });
      const bucket = fs.readdirSync(at(`${name}-far`), { recursive: true, encoding: 'utf8' });
      for (const file of bucket.map((one) => at(`${name}-far`, one)).filter((one) => fs.statSync(one).isFile()))
        expect(fs.readFileSync(file, 'latin1')).not.toMatch(/short\.md|not the shortest/);
    });
  }

  test('a wrong passphrase is a key that is missing', async () => {
    const root = at('a-passphrase');
    fs.writeFileSync(at('wrong-phrase'), 'another\n', { mode: 0o600 });
    const wrong = { MIGBACKUP_PASSPHRASE_FILE: at('wrong-phrase') };
    const { error } = await json(['key', 'drill'], root, 6, wrong);
    expect(error).toMatchObject({ code: 'KEY_MISSING', details: { recipients: ['passphrase'] } });
    fs.chmodSync(at('wrong-phrase'), 0o644);
    expect(await json(['key', 'drill'], root, 5, wrong)).toMatchObject({ error: { code: 'KEY_UNUSABLE' } });
  });

  test.skipIf(noAge !== null)(withReason('a plugin that is not installed is named', noAge), async () => {
    const plugin = 'age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t';
    const encryptTo = [plugin, (await makeKey('with-plugin.txt')).recipient];
    const root = await makeProject('plugin', { encryptTo });
    const { error } = await json(['push', '--yes'], root, 5);
    expect(error).toMatchObject({ code: 'KEY_UNUSABLE', message: expect.stringContaining('age-plugin-yubikey') });
    expect(error.hint).toContain('Install age-plugin-yubikey');
  });

  test('where age is not installed, an SSH key says so', async () => {
    const root = await makeProject('no-age', { encryptTo: [sshKey('alone', 'ed25519')], singleRecipient: true });
    fs.mkdirSync(at('no-programs'));
    // The installed program is started by the node of PATH.
    const node = execFileSync('sh', ['-c', 'command -v node'], { encoding: 'utf8' }).trim();
    fs.symlinkSync(node, at('no-programs/node'));
    const { error } = await json(['push', '--yes'], root, 5, { PATH: at('no-programs') });
    expect(error).toMatchObject({ code: 'KEY_UNUSABLE', message: expect.stringContaining('is not installed') });
  });

  const noPerson = noAge ?? (hasTerminal ? null : 'there is no script of util-linux');
  test.skipIf(noPerson !== null)(
    withReason('an identity file with a passphrase, which age asks for', noPerson),
    async () => {
      const key = await makeKey('to-encrypt.txt');
      const root = await makeProject('asked', { encryptTo: [key.recipient], singleRecipient: true });
      await push(root);
      for (const armor of [[], ['--armor']]) {
        const file = at(`encrypted${armor.length}.txt`);
        const line = `age -p ${armor.join(' ')} -o ${file} ${key.file}`;
        execFileSync('sh', ['-c', `printf 'secret words\\nsecret words\\n' | script -qec '${line}' /dev/null`]);
        fs.chmodSync(file, 0o600);
        const args = ['key', 'drill', '--identity', file];
        const { exitCode, screen } = await runOnTerminal(
          args,
          [{ after: 'Enter passphrase', type: 'secret words\r', waitMs: 300 }],
          { cwd: root, env },
        );
        expect({ exitCode, screen }).toMatchObject({ exitCode: 0, screen: expect.stringContaining('opened') });
      }
    },
  );

  test.skipIf(noPerson !== null)(
    withReason('on a terminal an SSH key that does not fit is a key that is missing', noPerson),
    async () => {
      sshKey('unfit', 'ed25519');
      const args = ['key', 'drill', '--identity', at('unfit')];
      const { exitCode, screen } = await runOnTerminal(args, [], { cwd: at('x25519'), env });
      expect({ exitCode, screen }).toMatchObject({ exitCode: 6, screen: expect.stringContaining('(KEY_MISSING)') });
    },
  );
});
