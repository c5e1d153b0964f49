import type { HostileCase } from '../support/hostile-case.ts';
import {
  base256,
  file,
  folder,
  header,
  hidden,
  innocent,
  padded,
  paxHeader,
  preceded,
  record,
  special,
} from '../support/tar-parts.ts';

const GNU = { magic: 'ustar  \0' };
const SPARSE_MAP = `1\n0\n1\n${'\0'.repeat(506)}x`;

function sparse(name: string, realSize: string): Buffer {
  return paxHeader([
    record('GNU.sparse.major', '1'),
    record('GNU.sparse.minor', '0'),
    record('GNU.sparse.name', name),
    record('GNU.sparse.realsize', realSize),
  ]);
}

function oldSparse(block: Buffer): void {
  base256(0n).copy(block, 386);
  base256(512n).copy(block, 398);
  base256(1n << 40n).copy(block, 483);
}

/** Types, modes and owners that no backup of ours holds. */
export const TYPE_CASES: readonly HostileCase[] = [
  {
    name: 'e01',
    attack: 'a character device',
    verdict: 'reject',
    parts: () => [innocent(), special('docs/null', { type: '3' })],
  },
  {
    name: 'e02',
    attack: 'a block device',
    verdict: 'reject',
    parts: () => [innocent(), special('docs/sda', { type: '4' })],
  },
  { name: 'e03', attack: 'a pipe', verdict: 'reject', parts: () => [innocent(), special('docs/pipe', { type: '6' })] },
  {
    name: 'e04',
    attack: 'a contiguous file',
    verdict: 'either',
    parts: () => [innocent(), file('docs/c', 'c', { type: '7' })],
  },
  {
    name: 'e05',
    attack: 'a type of nobody',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/z', 'zz', { type: 'Z' })],
  },
  {
    name: 'e06',
    attack: 'set-uid, set-gid and sticky',
    verdict: 'either',
    parts: () => [innocent(), file('scripts/su', '#!/bin/sh\n', { mode: 0o6755 }), folder('docs/sticky', 0o1777)],
  },
  {
    name: 'e07',
    attack: 'no permissions at all',
    verdict: 'either',
    parts: () => [innocent(), folder('docs/none', 0), file('docs/none/x', 'x', { mode: 0 })],
  },
  {
    name: 'e08',
    attack: 'a mode that is no number',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/m', 'x', { modeRaw: '99zz77\0 ' })],
  },
  {
    name: 'e09',
    attack: 'a mode with a file type in it',
    verdict: 'either',
    parts: () => [innocent(), file('docs/m', 'x', { mode: 0o777, modeRaw: '0120777\0' })],
  },
  {
    name: 'e10',
    attack: 'a secret for everybody',
    verdict: 'either',
    parts: () => [innocent(), file('config/.env', 'S=1', { mode: 0o666 })],
  },
  {
    name: 'e11',
    attack: 'an owner beyond all numbers',
    verdict: 'either',
    parts: () => [innocent(), file('docs/o', 'x', { uidRaw: Buffer.from([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]) })],
  },
  {
    name: 'e12',
    attack: 'a file of 1 TiB with holes, by GNU',
    verdict: 'reject',
    parts: () => [
      innocent(),
      {
        ...file('docs/sp', Buffer.alloc(512, 65)),
        bytes: Buffer.concat([header('docs/sp', 512, { type: 'S', ...GNU, patch: oldSparse }), Buffer.alloc(512, 65)]),
      },
    ],
  },
  {
    name: 'e13',
    attack: 'a file of 1 TiB with holes, by pax',
    verdict: 'reject',
    parts: () => [innocent(), preceded(sparse('docs/sp', String(2 ** 40)), file('GNUSparseFile.0/sp', SPARSE_MAP))],
  },
  {
    name: 'e14',
    attack: '../ in the name of a file with holes',
    verdict: 'reject',
    parts: () => [innocent(), preceded(sparse('../evil-canary.txt', '1'), file('docs/sp', SPARSE_MAP))],
  },
  {
    name: 'e15',
    attack: 'volume, dump and rename headers of GNU',
    verdict: 'reject',
    parts: () => [
      hidden(header('vol', 0, { type: 'V', ...GNU })),
      innocent(),
      file('docs/d', 'Yfile\0', { type: 'D', ...GNU }),
      file('docs/m', 'x', { type: 'M', ...GNU }),
      file('docs/n', 'Rename a to b\n', { type: 'N', ...GNU }),
    ],
  },
  {
    name: 'e16',
    attack: 'headers of Solaris',
    verdict: 'reject',
    parts: () => [
      innocent(),
      preceded(Buffer.concat([header('x', 20, { type: 'X' }), padded(record('path', 'docs/xx'))]), file('docs/y')),
      file('docs/z', 'user::rwx', { type: 'A' }),
    ],
  },
];
