import type { HostileCase } from '../support/hostile-case.ts';
import {
  claimed,
  file,
  folder,
  hidden,
  innocent,
  longName,
  paxFile,
  paxHeader,
  preceded,
  record,
} from '../support/tar-parts.ts';

const UP_AND_OUT = `${'../'.repeat(40)}tmp/evil-canary.txt`;

/** Names that leave the project, or mean another place than they seem to. */
export const PATH_CASES: readonly HostileCase[] = [
  { name: 'a01', attack: '../', verdict: 'reject', parts: () => [innocent(), file('../evil-canary.txt')] },
  {
    name: 'a02',
    attack: '../ in the middle',
    verdict: 'reject',
    parts: () => [innocent(), file('deployments/x/../../../evil-canary.txt')],
  },
  {
    name: 'a03',
    attack: 'a second spelling of a path inside',
    verdict: 'reject',
    parts: () => [innocent(), file('deployments/x/../ok.json')],
  },
  {
    name: 'a04',
    attack: 'folders named ..',
    verdict: 'reject',
    parts: () => [innocent(), folder('..'), folder('deployments/..')],
  },
  {
    name: 'a05',
    attack: 'an absolute path',
    verdict: 'reject',
    parts: (evil) => [innocent(), file(`${evil}/abs.txt`)],
  },
  {
    name: 'a06',
    attack: 'more slashes than one strip removes',
    verdict: 'reject',
    parts: (evil) => [innocent(), file(`///${evil}/abs.txt`)],
  },
  { name: 'a07', attack: '/./..', verdict: 'reject', parts: (evil) => [innocent(), file(`/./..${evil}/x`)] },
  {
    name: 'a08',
    attack: 'a drive',
    verdict: 'reject',
    parts: () => [innocent(), file('C:\\evil-canary.txt'), file('C:/evil-canary.txt')],
  },
  {
    name: 'a09',
    attack: 'a path relative to a drive',
    verdict: 'reject',
    parts: () => [innocent(), file('C:../evil-canary.txt'), file('c:..\\evil-canary.txt')],
  },
  {
    name: 'a10',
    attack: 'a network share',
    verdict: 'reject',
    parts: () => [innocent(), file('\\\\127.0.0.1\\share\\evil')],
  },
  {
    name: 'a11',
    attack: 'device paths of Windows',
    verdict: 'reject',
    parts: () => [innocent(), file('\\\\?\\C:\\evil'), file('\\\\.\\PhysicalDrive0')],
  },
  {
    name: 'a12',
    attack: '..\\',
    verdict: 'reject',
    parts: () => [innocent(), file('..\\evil-canary.txt'), file('a\\..\\..\\evil-canary.txt')],
  },
  { name: 'a13', attack: 'an empty name', verdict: 'reject', parts: () => [innocent(), file('')] },
  { name: 'a14', attack: 'files named . and ./', verdict: 'reject', parts: () => [innocent(), file('.'), file('./')] },
  {
    name: 'a15',
    attack: '.. in the prefix field',
    verdict: 'reject',
    parts: () => [innocent(), file('evil-canary.txt', 'x', { prefix: '../..' })],
  },
  {
    name: 'a16',
    attack: 'a clean name, and ../ in the pax header',
    verdict: 'reject',
    parts: () => [innocent(), paxFile('../evil-canary.txt')],
  },
  {
    name: 'a17',
    attack: 'a clean name, and an absolute one in the pax header',
    verdict: 'reject',
    parts: (evil) => [innocent(), paxFile(`${evil}/pax.txt`)],
  },
  {
    name: 'a18',
    attack: '../ in a long name of GNU',
    verdict: 'reject',
    parts: () => [innocent(), preceded(longName(UP_AND_OUT), file('short', 'x', { claimed: UP_AND_OUT }))],
  },
  {
    name: 'a19',
    attack: 'a path for every member in a global header',
    verdict: 'reject',
    parts: () => [hidden(paxHeader([record('path', '../evil-canary.txt')], 'g')), innocent()],
  },
  {
    name: 'a20',
    attack: 'what a shell would expand',
    verdict: 'either',
    parts: () => [innocent(), file('~/x'), file('$HOME/x'), file('`id`')],
  },
  {
    name: 'a21',
    attack: 'names like options',
    verdict: 'accept',
    parts: () => [innocent(), file('docs/-rf'), file('docs/--checkpoint-action=exec=sh')],
  },
  {
    name: 'a22',
    attack: 'a good name in the index, ../ in the archive',
    verdict: 'reject',
    parts: () => [innocent(), claimed(file('../evil-canary.txt'), { path: 'docs/a' })],
  },
];
