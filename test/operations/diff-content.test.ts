import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderDiff } from '../../src/cli/render/diff.ts';
import { paint } from '../../src/cli/render/style.ts';
import type { DiffContent } from '../../src/core/model/diff-report.ts';
import { create } from '../../src/core/operations/create.ts';
import { diffBackups, diffLive } from '../../src/core/operations/diff.ts';
import type { SelectedBackup } from '../../src/core/repository/selected.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';

const NUMBERS = Array.from({ length: 1500 }, (_, at) => `line ${at}`).join('\n');
const FILES: Readonly<Record<string, readonly [before: string | Buffer, after: string | Buffer]>> = {
  'a.json': [
    '{"n":12345678901234567890,"a/b":[1,{"x":true}],"gone":"é"}',
    '{"n":12345678901234567891,"a/b":[1,{"x":[]}]}',
  ],
  'spaces.json': ['{"a":1,\n"b":2}\n', '{"b":2,"a":1}\n'],
  'twice.json': ['{"a":1,"a":2}\n', '{"a":3,"a":2}\n'],
  'broken.json': ['{"a":1}\n', '{"a":\n'],
  'text.md': ['one\ntwo\nthree\nfour\nfive\nsix\nseven\n', 'one\ntwo\nthree\u001b[31m\u202e\nfour\r\nfive\nsix\nseven'],
  'many.md': [NUMBERS, NUMBERS.replaceAll('line', 'row')],
  'other.md': ['a\n'.repeat(20_000), 'b\n'.repeat(20_000)],
  'lines.md': ['\n'.repeat(200_001), '\n'.repeat(200_002)],
  'bytes.bin': [Buffer.from([1, 2, 0, 3]), Buffer.from([1, 2, 0, 4])],
  'not-utf8.md': [Buffer.from([0x61, 0xff]), 'ab'],
  'large.md': [Buffer.alloc((16 << 20) + 1, 'a'), Buffer.alloc((16 << 20) + 1, 'b')],
  'same.md': ['same', 'same'],
  'gone.md': ['gone', ''],
  'link.md': ['link', ''],
};

let backup: RealBackup;
let before: SelectedBackup;
const inside = (name: string): string => path.join(backup.root, 'docs', name);
const selected = ({ backupId: id, folder }: Awaited<ReturnType<typeof create>>): SelectedBackup => ({
  id,
  folder,
  dispose() {},
});
const options = { verify: false, allowPartial: false };

beforeAll(async () => {
  backup = await makeRealBackup();
  for (const [name, [was]] of Object.entries(FILES)) writeFileSync(inside(name), was);
  before = selected(await create(backup.project, options, context));
  for (const [name, [, is]] of Object.entries(FILES)) writeFileSync(inside(name), is);
  chmodSync(inside('same.md'), 0o600);
  rmSync(inside('gone.md'));
  rmSync(inside('link.md'));
  symlinkSync('a\nb', inside('link.md'));
});
afterAll(() => backup[Symbol.dispose]());

const asked = (word: string) => ({ word, cwd: inside('.'), project: backup.project });

async function contentOf(name: string): Promise<{ content: DiffContent; text: string }> {
  const at = name in FILES ? `docs/${name}` : name;
  const report = await diffLive(backup.project, before, context, [at], asked(at));
  expect(report.selection).toEqual([at]);
  if (report.content === undefined) throw new Error('no content');
  return { content: report.content, text: renderDiff(report, paint(process.stdout)).join('\n') };
}

test('JSON is compared by its leaves, as they are spelled', async () => {
  const { content, text } = await contentOf('a.json');
  expect(content).toMatchObject({
    path: 'docs/a.json',
    as: 'json',
    same: false,
    leaves: [
      { pointer: '/n', before: '12345678901234567890', after: '12345678901234567891' },
      { pointer: '/a~1b/1/x', before: 'true', after: '[]' },
      { pointer: '/gone', before: '"é"', after: null },
    ],
    moreLeaves: 0,
    hunks: null,
  });
  expect(text).toContain('  /n\n    - 12345678901234567890\n    + 12345678901234567891');
});

test.each(['spaces.json', 'twice.json', 'broken.json'])(
  '%s is compared by its lines: leaves would not say what differs',
  async (name) => {
    const { content } = await contentOf(name);
    expect(content).toMatchObject({ as: 'text', same: false, leaves: null });
    expect(content.hunks?.flatMap(({ lines }) => lines).filter((line) => /^[-+]/.test(line)).length).toBeGreaterThan(1);
  },
);

test('text is compared by its lines, and nothing in it reaches the terminal as it is', async () => {
  const { content, text } = await contentOf('text.md');
  expect(content).toMatchObject({
    as: 'text',
    hunks: [
      {
        before: 1,
        after: 1,
        lines: [
          ' one',
          ' two',
          '-three',
          '-four',
          '+three\u001b[31m\u202e',
          '+four\r',
          ' five',
          ' six',
          '-seven',
          '+seven',
          String.raw`\ No newline at end of file`,
        ],
      },
    ],
    firstDifference: { byte: 13, line: 3 },
  });
  expect(text).toContain(String.raw`+three\x1b[31m\u{202e}`);
  expect(text).toContain(String.raw`+four\x0d`);
});

test('more lines than are listed are counted', async () => {
  const { content, text } = await contentOf('many.md');
  expect(content.hunks?.flatMap(({ lines }) => lines)).toHaveLength(1000);
  // Each line twice, and that the last has no newline.
  expect(content.moreLines).toBe(3002 - 1000);
  expect(text).toContain('and 2943 more lines: --verbose lists 941 of them');
});

test('texts of too many lines are not compared line by line', async () => {
  const { content } = await contentOf('lines.md');
  expect(content).toMatchObject({ hunks: null, note: 'a text of more than 200000 lines is not compared line by line' });
  expect(content.firstDifference).toEqual({ byte: 200_001, line: 200_002 });
});

test('of texts with nothing in common it is said where they begin to differ', async () => {
  const { content, text } = await contentOf('other.md');
  expect(content).toMatchObject({ as: 'text', hunks: null, firstDifference: { byte: 0, line: 1 } });
  expect(text).toContain('too many lines differ');
  expect(text).toContain('the first difference is at byte 0, in line 1');
});

test.each([
  ['bytes.bin', 'at least one side is not UTF-8 text', { byte: 3, line: null }],
  ['not-utf8.md', 'at least one side is not UTF-8 text', { byte: 1, line: null }],
  ['large.md', 'a file larger than 16 MiB is compared by size and hash alone', null],
])('%s is compared by size and hash', async (name, note, firstDifference) => {
  const { content, text } = await contentOf(name);
  expect(content).toMatchObject({ as: 'bytes', same: false, leaves: null, hunks: null, note, firstDifference });
  expect(content.before?.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(content.before?.sha256).not.toBe(content.after?.sha256);
  expect(text).toContain(`before  sha256 ${content.before?.sha256}`);
});

test('a mode, a missing file and a link are no content', async () => {
  const same = await contentOf('same.md');
  expect(same.content).toMatchObject({ same: true, before: { bytes: 4 }, after: { bytes: 4 } });
  expect(same.text).toContain('mode 0644 -> 0600');
  const gone = await contentOf('gone.md');
  expect(gone.content).toMatchObject({ as: 'bytes', same: false, before: { bytes: 4 }, after: null });
  expect(gone.text).toContain('4 B -> no such file');
  const link = await contentOf('link.md');
  expect(link.content).toMatchObject({
    same: false,
    after: { type: 'symlink' },
    note: String.raw`it was a file and is a link to a\x0ab`,
  });
});

test('of a database there is the line that shows its records', async () => {
  const { content, text } = await contentOf('leveldb');
  const next = [`migbackup db diff ${before.id}:leveldb ../leveldb`];
  expect(content).toMatchObject({ path: 'leveldb', as: 'database', same: true, next });
  expect(text).toContain(`To see its records, run:\n    ${next[0]}\n`);
});

test('a second backup says the same as the project', async () => {
  const second = selected(await create(backup.project, options, context));
  const live = await contentOf('text.md');
  const report = await diffBackups(before, second, context, ['docs/text.md'], asked('docs/text.md'));
  expect(report.content).toEqual(live.content);
});

test('what is not one file is refused', async () => {
  await expect(diffLive(backup.project, before, context, ['docs'], asked('docs'))).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/^--content docs names \d+ files$/),
  });
});
