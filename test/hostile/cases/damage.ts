import type { HostileCase, Part } from '../support/hostile-case.ts';
import { noise } from '../../support/sample-archive.ts';
import { base256, claimed, END_BLOCKS, file, header, hidden, innocent, sha256 } from '../support/tar-parts.ts';

/** A file with a size field of our choice and this much content in the archive. */
function sized(sizeRaw: string | Buffer, size: number, content = Buffer.alloc(512)): Part {
  const claim = { path: 'docs/a', type: 'file', size, sha256: sha256(content), mode: 0o644 } as const;
  return { claim, bytes: Buffer.concat([header('docs/a', 0, { sizeRaw }), content]) };
}

function flipBit(at: number): (tar: Buffer) => Buffer {
  return (tar) => {
    tar[at] = (tar[at] ?? 0) ^ 4;
    return tar;
  };
}

function swappedBodies(): Part[] {
  const [a, b] = [file('docs/a', 'AAAA'), file('docs/b', 'BBBB')];
  const mixed = (head: Part, body: Part): Part => ({
    ...head,
    bytes: Buffer.concat([head.bytes.subarray(0, 512), body.bytes.subarray(512)]),
  });
  return [innocent(), mixed(a, b), mixed(b, a)];
}

/** Damaged headers, bodies and ends; the innocent member takes the first 1024 bytes. */
export const DAMAGE_CASES: readonly HostileCase[] = [
  {
    name: 'f01',
    attack: 'a wrong header checksum',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/a', 'x', { checksum: 1 }), file('docs/b')],
  },
  {
    name: 'f02',
    attack: 'no header checksum',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/a', 'x', { checksum: 'blank' })],
  },
  { name: 'f03', attack: 'a negative size', verdict: 'reject', parts: () => [innocent(), sized(base256(-512n), 0)] },
  {
    name: 'f04',
    attack: '8 GiB declared, 512 bytes there',
    verdict: 'reject',
    heavy: true,
    parts: () => [innocent(), sized('77777777777\0', 0o77777777777)],
  },
  {
    name: 'f05',
    attack: 'a size of 2^63',
    verdict: 'reject',
    parts: () => [innocent(), sized(base256(1n << 63n), Number.MAX_SAFE_INTEGER)],
  },
  {
    name: 'f06',
    attack: 'a size that is no number',
    verdict: 'reject',
    parts: () => [innocent(), sized('9z!\0', 512)],
  },
  {
    name: 'f07',
    attack: 'a smaller size than the index says',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/a', 'x'.repeat(2000), { sizeRaw: '00000000010\0' })],
  },
  {
    name: 'f08',
    attack: 'times before 1970, beyond all dates, and no number',
    verdict: 'either',
    parts: () => [
      innocent(),
      file('docs/a', '1', { mtimeRaw: base256(-86_400n) }),
      file('docs/b', '2', { mtimeRaw: base256(1n << 62n) }),
      file('docs/c', '3', { mtimeRaw: 'zzzz\0' }),
    ],
  },
  {
    name: 'f09',
    attack: 'a header of before ustar',
    verdict: 'either',
    parts: () => [file('docs/v7', 'x', { magic: '' })],
  },
  {
    name: 'f10',
    attack: 'cut in a header',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/a')],
    damage: (tar) => tar.subarray(0, 1124),
  },
  {
    name: 'f11',
    attack: 'cut in a body',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/a', 'x'.repeat(5000))],
    damage: (tar) => tar.subarray(0, 2236),
  },
  {
    name: 'f12',
    attack: 'cut between members',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/a')],
    damage: (tar) => tar.subarray(0, 1024),
  },
  { name: 'f13', attack: 'no end blocks', verdict: 'either', noEnd: true, parts: () => [innocent(), file('docs/a')] },
  {
    name: 'f14',
    attack: 'one end block',
    verdict: 'either',
    noEnd: true,
    keepOrder: true,
    parts: () => [innocent(), hidden(Buffer.alloc(512))],
  },
  {
    name: 'f15',
    attack: 'a member behind the end',
    verdict: 'reject',
    keepOrder: true,
    parts: () => [innocent(), hidden(END_BLOCKS), file('docs/late')],
  },
  {
    name: 'f16',
    attack: 'a zero block between members',
    verdict: 'reject',
    keepOrder: true,
    parts: () => [innocent(), hidden(Buffer.alloc(512)), file('docs/late')],
  },
  {
    name: 'f17',
    attack: '10 KiB of noise behind the end',
    verdict: 'either',
    parts: () => [innocent()],
    damage: (tar) => Buffer.concat([tar, noise(10_240)]),
  },
  {
    name: 'f18',
    attack: 'nothing',
    verdict: 'reject',
    noEnd: true,
    parts: () => [innocent()],
    damage: () => Buffer.alloc(0),
  },
  {
    name: 'f19',
    attack: 'zeros: a good empty archive',
    verdict: 'reject',
    parts: () => [innocent()],
    damage: () => Buffer.alloc(10_240),
  },
  { name: 'f20', attack: 'noise', verdict: 'reject', parts: () => [innocent()], damage: () => noise(20_480) },
  {
    name: 'f21',
    attack: 'one bit of a body flipped',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/a', 'A'.repeat(1000))],
    damage: flipBit(1024 + 512 + 77),
  },
  {
    name: 'f22',
    attack: 'a member renamed',
    verdict: 'reject',
    parts: () => [innocent(), claimed(file('docs/b', 'A'), { path: 'docs/a' })],
  },
  {
    name: 'f23',
    attack: 'two archives in a row',
    verdict: 'reject',
    keepOrder: true,
    parts: () => [innocent(), hidden(END_BLOCKS), file('docs/second', '2')],
  },
  { name: 'f24', attack: 'two bodies exchanged', verdict: 'reject', parts: swappedBodies },
  {
    name: 'f25',
    attack: 'a member of the index is missing',
    verdict: 'reject',
    parts: () => [innocent(), { ...file('docs/gone', 'G'), bytes: Buffer.alloc(0) }],
  },
  {
    name: 'f26',
    attack: 'something in the padding',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/a')],
    damage: flipBit(1024 + 512 + 100),
  },
];
