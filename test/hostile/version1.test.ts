import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Finding } from '../../src/core/model/finding.ts';
import { moveOut, THINGS } from './support/things.ts';
import { type Judged, Version1Ground } from './support/version1-judge.ts';

/** Every command is run on two backups each time. */
vi.setConfig({ testTimeout: 120_000 });

let ground: Version1Ground;
beforeEach(async () => {
  ground = await Version1Ground.make();
});
afterEach(() => ground[Symbol.dispose]());

const SUMS = 'checksums/SHA256SUMS';
const MANIFEST = 'BACKUP_MANIFEST.json';
const HASH = 'a'.repeat(64);

/** Puts each thing there in turn, looks, and takes the last one through every command. */
async function putEach(file: string, expectFound: (findings: readonly Finding[]) => void): Promise<Judged> {
  const kept = readFileSync(ground.inside(file));
  for (const put of Object.values(THINGS)) {
    rmSync(ground.inside(file), { recursive: true });
    writeFileSync(ground.inside(file), kept);
    put(ground.inside(file), ground.outside);
    const { findings } = await ground.look();
    expectFound(findings);
  }
  return ground.judge();
}

const posix = describe.skipIf(process.platform === 'win32');

posix('(not on Windows) a link, a folder, a pipe or a socket in the place of', () => {
  test('a file: FAILED by name', async () => {
    const { verified } = await putEach('docs/main/how.md', (findings) => {
      const errors = findings.filter(({ severity }) => severity === 'error');
      expect(errors.flatMap(({ affects = [] }) => affects)).toContain('docs/main/how.md');
    });
    expect(verified?.status).toBe('FAILED');
  });

  test('the list of sums: FAILED, nothing proves it', async () => {
    const { verified } = await putEach(SUMS, (findings) =>
      expect(findings).toContainEqual(expect.objectContaining({ code: 'sums-damaged', path: SUMS })),
    );
    expect(verified?.status).toBe('FAILED');
    expect((await ground.look()).status).toBe('damaged');
  });

  test('the manifest: it is not believed anyway', async () => {
    const { verified, notRestored } = await putEach(MANIFEST, (findings) =>
      expect(findings).toContainEqual(expect.objectContaining({ code: 'manifest-contradicts', path: MANIFEST })),
    );
    expect([verified?.status, notRestored]).toEqual(['WARNING', null]);
  });

  test('a folder: FAILED', async () => {
    for (const folder of ['docs', 'leveldb/current', 'checksums']) {
      moveOut(ground.inside(folder), ground.outside);
      const { findings } = await ground.look();
      expect(findings.filter(({ severity }) => severity === 'error').map(({ path }) => path)).toContain(
        folder === 'checksums' ? SUMS : folder,
      );
    }
    expect((await ground.judge()).verified?.status).toBe('FAILED');
  });

  test('the backup itself: a link in the repository is no backup', async () => {
    moveOut(ground.folder, ground.outside);
    expect((await ground.judge()).notRestored).toBe('NO_SUCH_BACKUP');
  });
});

const line = (name: string, sha256 = HASH): string => `${sha256}  ${name}\n`;

/** Added to the list of sums; what verify must say of it. */
const LINES: Readonly<Record<string, readonly [added: string | Buffer, code: string]>> = {
  'a path that climbs': [line('docs/../../../outside/precious'), 'sums-unsafe'],
  'an absolute path': [line('/etc/passwd'), 'sums-unsafe'],
  'no path': [`${HASH}  \n`, 'sums-damaged'],
  'a path of ./ alone': [line('./'), 'sums-unsafe'],
  'a NUL': [line('docs/a\0b'), 'sums-unsafe'],
  'a return': [line('docs/a\rb'), 'sums-unsafe'],
  'an escaped newline': [`\\${line('docs/a\\nb')}`, 'sums-unsafe'],
  'a backslash': [line('docs\\main\\how.md'), 'sums-unsafe'],
  'terminal commands': [line('docs/\u001b]0;x\u0007\u009b2J'), 'sums-unsafe'],
  'text that turns around': [line('docs/\u202egnp.exe'), 'file-missing'],
  'bytes that are not UTF-8': [
    Buffer.concat([Buffer.from(`${HASH}  docs/`), Buffer.from([0xff, 0xfe, 10])]),
    'file-missing',
  ],
  'another hash for the same file': [line('docs/README.md'), 'sums-contradict'],
  'another hash for another spelling of it': [line('./docs/README.md'), 'sums-contradict'],
  'a third spelling': [line('docs/./README.md'), 'sums-unsafe'],
  'a fourth spelling': [line('docs//README.md'), 'sums-unsafe'],
  'a line of 1 MB': [line(`docs/${'x'.repeat(1 << 20)}`), 'sums-damaged'],
  'a last line that was cut off': [line('docs/README.md').slice(0, -5), 'file-missing'],
  'a hash that is none': [`${'g'.repeat(64)}  docs/README.md\n`, 'sums-damaged'],
  'its own folders': [line('docs'), 'file-missing'],
  __proto__: [line('__proto__'), 'file-missing'],
  '.migbackup': [line('.migbackup/txn/plan.json'), 'sums-unsafe'],
  'a file in no folder that is known': [line('elsewhere/x'), 'file-missing'],
};

test.each(Object.entries(LINES))('the list of sums with %s: an error', async (_, [added, code]) => {
  appendFileSync(ground.inside(SUMS), added);
  const { findings } = await ground.look();
  const errors = findings.filter(({ severity }) => severity === 'error');
  expect(errors.map((finding) => finding.code).join(' ')).toContain(code);
});

test('the list of sums with all of them: FAILED, nothing comes back, nothing raw is printed', async () => {
  for (const [added, code] of Object.values(LINES))
    if (code !== 'sums-damaged') appendFileSync(ground.inside(SUMS), added);
  const { verified, codes } = await ground.judge();
  expect(verified?.status).toBe('FAILED');
  expect(codes).toEqual(expect.arrayContaining(['sums-unsafe', 'sums-contradict', 'file-missing']));
});

describe('the list of sums', () => {
  const rewrite = (change: (text: string) => string): void =>
    writeFileSync(ground.inside(SUMS), change(readFileSync(ground.inside(SUMS), 'utf8')));

  test('with every line twice says nothing else; with returns at the ends of its lines nothing is proven by it', async () => {
    const errors = async () => (await ground.look()).findings.filter(({ severity }) => severity === 'error');
    rewrite((text) => text + text);
    expect(await errors()).toEqual([]);
    rewrite((text) => text.replaceAll('\n', '\r\n'));
    expect(await errors()).not.toEqual([]);
  });

  test('of 100,000 files that are not there: every one is named', async () => {
    rewrite((text) => text + Array.from({ length: 100_000 }, (_, n) => line(`docs/lost-${n}`)).join(''));
    const { findings } = await ground.look();
    expect(findings.filter(({ code }) => code === 'file-missing')).toHaveLength(100_000);
  });

  test('that is empty proves nothing: every file is said to be not listed', async () => {
    rewrite(() => '');
    const { findings } = await ground.look();
    expect(findings.filter(({ code }) => code === 'file-not-listed').length).toBeGreaterThan(10);
  });
});
