import type { HostileCase } from '../support/hostile-case.ts';
import {
  file,
  folder,
  hardLink,
  header,
  innocent,
  link,
  padded,
  paxHeader,
  preceded,
  record,
  sha256,
  special,
} from '../support/tar-parts.ts';

const LONG_TARGET = 't/'.repeat(35_000);

/** Links, hard links, and members that go through them. */
export const LINK_CASES: readonly HostileCase[] = [
  {
    name: 'b01',
    attack: 'a member through a link to an absolute folder',
    verdict: 'reject',
    parts: (evil) => [innocent(), link('link', evil), file('link/pwned.txt')],
  },
  {
    name: 'b02',
    attack: 'a member through ../..',
    verdict: 'reject',
    parts: () => [innocent(), link('link', '../..'), file('link/evil-canary.txt')],
  },
  {
    name: 'b03',
    attack: 'a chain of links of which each looks harmless',
    verdict: 'reject',
    parts: () => [
      innocent(),
      folder('a'),
      folder('a/b'),
      link('a/b/up', '..'),
      link('a/b/up2', 'up/..'),
      link('a/b/out', 'up2/..'),
      file('a/b/out/evil-canary.txt'),
    ],
  },
  {
    name: 'b04',
    attack: 'a link, then a file of its name',
    verdict: 'reject',
    parts: (evil) => [innocent(), link('deployments/a.json', `${evil}/target.txt`), file('deployments/a.json')],
  },
  {
    name: 'b05',
    attack: 'a folder, then a link of its name, then a member in it',
    verdict: 'reject',
    parts: (evil) => [innocent(), folder('d'), link('d', evil), file('d/pwned')],
  },
  {
    name: 'b06',
    attack: 'the same with a backslash',
    verdict: 'reject',
    parts: (evil) => [innocent(), folder('d\\x'), link('d/x', evil), file('d\\x/pwned')],
  },
  {
    name: 'b07',
    attack: 'a folder and a link that differ in Unicode form',
    verdict: 'reject',
    verifies: true,
    parts: (evil) => [innocent(), folder('caf\u00e9'), link('cafe\u0301', evil), file('caf\u00e9/pwned')],
  },
  {
    name: 'b08',
    attack: 'a folder and a link that fold to one name',
    verdict: 'reject',
    verifies: true,
    parts: (evil) => [innocent(), folder('stra\u00dfe'), link('strasse', evil), file('stra\u00dfe/pwned')],
  },
  {
    name: 'b09',
    attack: 'a folder and a link that differ in case',
    verdict: 'reject',
    verifies: true,
    parts: (evil) => [innocent(), folder('Data'), link('data', evil), file('Data/pwned')],
  },
  {
    name: 'b10',
    attack: 'a hard link to an absolute path, then a file over it',
    verdict: 'reject',
    parts: (evil) => [innocent(), hardLink('h', `${evil}/target.txt`), file('h')],
  },
  {
    name: 'b11',
    attack: 'a hard link to ../',
    verdict: 'reject',
    parts: () => [innocent(), hardLink('x/h', '../../evil-canary.txt')],
  },
  {
    name: 'b12',
    attack: 'a hard link through a link',
    verdict: 'reject',
    parts: (evil) => [innocent(), link('s', evil), hardLink('stolen', 's/target.txt')],
  },
  {
    name: 'b13',
    attack: 'a hard link to a file of the project, then a file over it',
    verdict: 'reject',
    parts: () => [innocent(), hardLink('docs/h', 'src/untouched.ts'), file('docs/h')],
  },
  {
    name: 'b14',
    attack: 'a hard link relative to a drive',
    verdict: 'reject',
    parts: () => [innocent(), hardLink('h', 'C:../target.txt')],
  },
  {
    name: 'b15',
    attack: 'a link relative to a drive, and a member through it',
    verdict: 'reject',
    parts: () => [innocent(), link('s', 'C:../../target.txt'), file('s/pwn')],
  },
  {
    name: 'b16',
    attack: 'an absolute link',
    verdict: 'either',
    parts: () => [innocent(), link('docs/passwd', '/etc/passwd')],
  },
  {
    name: 'b17',
    attack: 'a link that climbs out',
    verdict: 'either',
    parts: () => [innocent(), link('docs/up', '../../../etc/passwd')],
  },
  {
    name: 'b18',
    attack: 'links in a circle',
    verdict: 'either',
    parts: () => [innocent(), link('docs/loop', 'loop'), link('docs/l2', 'l3'), link('docs/l3', 'l2')],
  },
  { name: 'b19', attack: 'a link to nothing', verdict: 'reject', parts: () => [innocent(), link('docs/empty', '')] },
  {
    name: 'b20',
    attack: 'a target of 70 kB',
    verdict: 'reject',
    parts: () => [innocent(), preceded(paxHeader([record('linkpath', LONG_TARGET)]), link('docs/long', LONG_TARGET))],
  },
  {
    name: 'b21',
    attack: 'a hard link to itself',
    verdict: 'reject',
    parts: () => [innocent(), hardLink('docs/me', 'docs/me')],
  },
  {
    name: 'b22',
    attack: 'a hard link with content',
    verdict: 'reject',
    parts: () => {
      const content = Buffer.from('evil');
      const head = header('docs/h', content.length, { type: '1', link: 'deployments/ok.json' });
      const claim = {
        path: 'docs/h',
        type: 'file',
        size: content.length,
        sha256: sha256(content),
        mode: 0o644,
      } as const;
      return [innocent(), { claim, bytes: Buffer.concat([head, padded(content)]) }];
    },
  },
  {
    name: 'b23',
    attack: 'a NUL in a target',
    verdict: 'reject',
    parts: () => [
      innocent(),
      preceded(paxHeader([record('linkpath', 'ok\0/../../etc')]), link('docs/n', 'ok\0/../../etc')),
    ],
  },
  {
    name: 'b24',
    attack: 'the folder of other members becomes a link',
    verdict: 'reject',
    keepOrder: true,
    parts: (evil) => [innocent(), link('deployments', evil)],
  },
  {
    name: 'b25',
    attack: 'none: a link inside',
    verdict: 'accept',
    parts: () => [innocent(), file('docs/readme.md', 'r'), link('docs/link', 'readme.md')],
  },
  {
    name: 'b26',
    attack: 'a hard link that the index calls a link',
    verdict: 'reject',
    parts: () => [
      innocent(),
      {
        ...link('docs/h', '../src/untouched.ts'),
        bytes: special('docs/h', { type: '1', link: '../src/untouched.ts' }).bytes,
      },
    ],
  },
];
