import type { HostileCase } from '../support/hostile-case.ts';
import {
  claimed,
  file,
  header,
  hidden,
  innocent,
  link,
  longName,
  paxFile,
  paxHeader,
  preceded,
  record,
  sha256,
} from '../support/tar-parts.ts';

const before = (...records: (string | Buffer)[]) => preceded(paxHeader(records), file('docs/z'));

/** A size of 0 in the pax header over a body that is a member of its own. */
function smuggled() {
  const inner = file('docs/smuggled', 'evil');
  const claim = { path: 'docs/a', type: 'file', size: 0, sha256: sha256(Buffer.alloc(0)), mode: 0o644 } as const;
  const head = Buffer.concat([paxHeader([record('size', '0')]), header('docs/a', inner.bytes.length)]);
  return [innocent(), { claim, bytes: head }, inner];
}

function swallowed() {
  const next = file('docs/hidden', 'h');
  const content = Buffer.concat([file('docs/z').bytes.subarray(512), next.bytes]).subarray(0, 1536);
  const claim = { path: 'docs/a', type: 'file', size: 1536, sha256: sha256(content), mode: 0o644 } as const;
  const head = Buffer.concat([paxHeader([record('size', '1536')]), header('docs/a', 1)]);
  return [innocent(), { claim, bytes: Buffer.concat([head, content]) }, next];
}

/** Extended headers: lengths that lie, keys that change the meaning, values of a wrong kind. */
export const PAX_CASES: readonly HostileCase[] = [
  {
    name: 'g01',
    attack: 'a record longer than its header',
    verdict: 'reject',
    parts: () => [innocent(), before(record('path', 'docs/z', 99_999))],
  },
  {
    name: 'g02',
    attack: 'a record of negative length',
    verdict: 'reject',
    parts: () => [innocent(), before('-7 a=b\n')],
  },
  { name: 'g03', attack: 'a record of length 0', verdict: 'reject', parts: () => [innocent(), before('0 a=b\n')] },
  { name: 'g04', attack: 'a record without =', verdict: 'reject', parts: () => [innocent(), before('9 abcdef\n')] },
  {
    name: 'g05',
    attack: 'a header of 4 MiB',
    verdict: 'reject',
    heavy: true,
    parts: () => [innocent(), before(record('comment', 'c'.repeat(4 << 20)))],
  },
  { name: 'g06', attack: 'a size of 0 that hides a member', verdict: 'reject', parts: smuggled },
  { name: 'g07', attack: 'a size that swallows the next member', verdict: 'reject', parts: swallowed },
  {
    name: 'g08',
    attack: 'a size that is meant for the long name behind it',
    verdict: 'reject',
    parts: () => [
      innocent(),
      preceded(Buffer.concat([paxHeader([record('size', '2048')]), longName('docs/name')]), file('docs/z')),
      file('docs/y'),
    ],
  },
  {
    name: 'g09',
    attack: 'keys that every object has',
    verdict: 'reject',
    parts: () => [
      innocent(),
      before(
        record('__proto__', 'x'),
        record('constructor', 'y'),
        record('toString', 'z'),
        record('__proto__.polluted', '1'),
      ),
    ],
  },
  {
    name: 'g10',
    attack: 'a path that looks like a number',
    verdict: 'either',
    parts: () => [innocent(), paxFile('12345')],
  },
  {
    name: 'g11',
    attack: 'a link target on a file',
    verdict: 'reject',
    parts: () => [innocent(), before(record('linkpath', '/etc/passwd'))],
  },
  {
    name: 'g12',
    attack: 'a path given twice',
    verdict: 'reject',
    parts: () => [
      innocent(),
      claimed(before(record('path', 'docs/safe'), record('path', '../evil-canary.txt')), { path: 'docs/safe' }),
    ],
  },
  {
    name: 'g13',
    attack: '20,000 global headers',
    verdict: 'reject',
    heavy: true,
    parts: () => [hidden(...Array.from({ length: 20_000 }, () => paxHeader([record('a', 'b')], 'g'))), innocent()],
  },
  {
    name: 'g14',
    attack: 'two extended headers for one member',
    verdict: 'reject',
    parts: () => [
      innocent(),
      claimed(
        preceded(
          paxHeader([record('path', 'docs/one')]),
          preceded(paxHeader([record('path', 'docs/two')]), file('docs/z')),
        ),
        { path: 'docs/two' },
      ),
    ],
  },
  {
    name: 'g15',
    attack: 'a long name of 2 GiB',
    verdict: 'reject',
    heavy: true,
    parts: () => [
      innocent(),
      {
        ...file('docs/z'),
        bytes: Buffer.concat([
          header('././@LongLink', 0, { type: 'L', sizeRaw: '20000000000\0', magic: 'ustar  \0' }),
          Buffer.alloc(512, 65),
        ]),
      },
    ],
  },
  {
    name: 'g16',
    attack: 'numbers that are none',
    verdict: 'reject',
    parts: () => [innocent(), before(record('mtime', 'NaN'), record('uid', '-1'), record('size', '1e3'))],
  },
  {
    name: 'g17',
    attack: 'a name in raw bytes',
    verdict: 'reject',
    parts: () => [
      innocent(),
      claimed(before(record('hdrcharset', 'BINARY'), record('path', Buffer.from('docs/\u00ff', 'latin1'))), {
        path: 'docs/\ufffd',
      }),
    ],
  },
  {
    name: 'g18',
    attack: 'capabilities and access lists',
    verdict: 'either',
    parts: () => [
      innocent(),
      preceded(
        paxHeader([
          record('SCHILY.xattr.security.capability', Buffer.from([1, 0, 0, 2, 255, 255, 255, 255])),
          record('SCHILY.acl.access', 'user::rwx,user:1:rwx'),
        ]),
        file('scripts/cap', '#!/bin/sh\n', { mode: 0o755 }),
      ),
    ],
  },
  {
    name: 'g19',
    attack: 'a header with no member',
    verdict: 'reject',
    keepOrder: true,
    parts: () => [innocent(), hidden(paxHeader([record('path', 'docs/a')]))],
  },
  {
    name: 'g20',
    attack: 'a target that only the pax header has',
    verdict: 'either',
    parts: () => [
      innocent(),
      preceded(paxHeader([record('linkpath', 'ok.json')]), {
        ...link('docs/z', 'ok.json'),
        bytes: link('docs/z', 'other').bytes,
      }),
    ],
  },
];
