import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { decodeHeader } from '../../src/core/format/tar-decode.ts';
import { encodeHeader, headerSeconds } from '../../src/core/format/tar-header.ts';
import type { ScannedEntry } from '../../src/core/model/entry.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SECOND = 1_000_000_000n;
const COMMON = { category: 'c', source: 's', mode: 0o644, mtimeNs: 1_700_000_000n * SECOND, uid: 0, gid: 0 };

/** One of everything that ustar holds, and of everything that only a pax header does. */
const ENTRIES: readonly ScannedEntry[] = [
  { ...COMMON, path: 'dir', type: 'dir', size: 0, mode: 0o750 },
  { ...COMMON, path: 'plain', type: 'file', size: 0, mode: 0o600, uid: 1000, gid: 1001 },
  { ...COMMON, path: `${'p'.repeat(100)}/${'n'.repeat(100)}`, type: 'file', size: 0 },
  { ...COMMON, path: `${'part/'.repeat(60)}end`, type: 'file', size: 0 },
  { ...COMMON, path: 'd'.repeat(250), type: 'dir', size: 0 },
  { ...COMMON, path: 'ünï/😀.json', type: 'file', size: 0 },
  { ...COMMON, path: 'link', type: 'symlink', size: 0, mode: 0o777, target: 'plain' },
  { ...COMMON, path: 'long-link', type: 'symlink', size: 0, mode: 0o777, target: `${'t/'.repeat(80)}ö` },
  { ...COMMON, path: 'big-ids', type: 'file', size: 0, uid: 2_097_152, gid: 4_294_967_294 },
  { ...COMMON, path: 'old', type: 'file', size: 0, mtimeNs: -1n },
  { ...COMMON, path: 'older', type: 'file', size: 0, mtimeNs: -86_400n * SECOND },
  { ...COMMON, path: 'epoch', type: 'file', size: 0, mtimeNs: SECOND - 1n },
  { ...COMMON, path: 'late', type: 'file', size: 0, mtimeNs: 8_589_934_592n * SECOND },
  { ...COMMON, path: 'eight-gib', type: 'file', size: 8 * 2 ** 30, mode: 0o444 },
];

function modeText({ type, mode }: ScannedEntry): string {
  const letter = { file: '-', dir: 'd', symlink: 'l' }[type];
  const bits = Array.from('rwxrwxrwx', (bit, at) => ((mode >> (8 - at)) & 1 ? bit : '-'));
  return letter + bits.join('');
}

function timeText({ mtimeNs }: ScannedEntry): string {
  return new Date(headerSeconds(mtimeNs) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** The line of `tar -tv --numeric-owner --full-time --quoting-style=literal`, with single spaces. */
function listingOf(entry: ScannedEntry): string {
  const name = entry.type === 'dir' ? `${entry.path}/` : entry.path;
  const target = entry.target === undefined ? '' : ` -> ${entry.target}`;
  return `${modeText(entry)} ${entry.uid}/${entry.gid} ${entry.size} ${timeText(entry)} ${name}${target}`;
}

test('GNU tar lists every member as we meant it', () => {
  using temp = tempFolder();
  const file = path.join(temp.path, 'a.tar');
  // The one with 8 GiB is last and has no content here: its header is what is looked at.
  writeFileSync(file, Buffer.concat(ENTRIES.map((entry) => encodeHeader(entry))));
  const options = ['--numeric-owner', '--full-time', '--quoting-style=literal'];
  const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' };
  let listing = '';
  try {
    listing = execFileSync('tar', ['-tv', ...options, '-f', file], { env, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    // It ends with an error for the missing content, after it has listed everything.
    listing = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
  }
  const lines = listing.trimEnd().split('\n');
  expect(lines.map((line) => line.replaceAll(/ +/g, ' '))).toEqual(ENTRIES.map((entry) => listingOf(entry)));
});

test('we decode every one of them to itself', () => {
  for (const entry of ENTRIES) {
    const { category: _category, source: _source, mtimeNs, ...rest } = entry;
    const bytes = encodeHeader(entry);
    expect(decodeHeader(bytes)).toEqual({ ...rest, mtime: headerSeconds(mtimeNs), headerBytes: bytes.length });
  }
});

test.each([
  [0n, 0],
  [SECOND - 1n, 0],
  [SECOND, 1],
  [-1n, -1],
  [-SECOND, -1],
  [-SECOND - 1n, -2],
])('%d ns are %d whole seconds, rounded down', (mtimeNs, seconds) => {
  expect(headerSeconds(mtimeNs)).toBe(seconds);
});
