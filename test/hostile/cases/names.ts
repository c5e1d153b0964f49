import type { HostileCase } from '../support/hostile-case.ts';
import { file, folder, innocent, paxFile } from '../support/tar-parts.ts';

const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

/** Two members for one place. */
export const COLLISION_CASES: readonly HostileCase[] = [
  {
    name: 'c01',
    attack: 'one name twice',
    verdict: 'reject',
    parts: () => [file('deployments/a.json', '1'), file('deployments/a.json', '2')],
  },
  {
    name: 'c02',
    attack: 'one name as a file and as a folder',
    verdict: 'reject',
    parts: () => [file('deployments/a', '1'), folder('deployments/a')],
  },
  {
    name: 'c03',
    attack: 'a member below a file',
    verdict: 'reject',
    parts: () => [file('deployments/a', '1'), file('deployments/a/b', '2')],
  },
  {
    name: 'c04',
    attack: 'three spellings of one path',
    verdict: 'reject',
    parts: () => [file('docs/a', '1'), file('./docs/a', '2'), file('docs//a', '3')],
  },
  {
    name: 'c05',
    attack: 'names that differ in case',
    verdict: 'either',
    parts: () => [file('docs/Readme.md', '1'), file('docs/README.md', '2')],
  },
  {
    name: 'c06',
    attack: 'names that differ in Unicode form',
    verdict: 'either',
    parts: () => [file('docs/caf\u00e9', '1'), file('docs/cafe\u0301', '2')],
  },
  {
    name: 'c07',
    attack: 'what Windows strips off a name',
    verdict: 'either',
    parts: () => [file('docs/a', '1'), file('docs/a.', '2'), file('docs/a ', '3')],
  },
  {
    name: 'c08',
    attack: 'a short name of DOS',
    verdict: 'either',
    parts: () => [file('docs/longfilename.txt', '1'), file('docs/LONGFI~1.TXT', '2')],
  },
  {
    name: 'c09',
    attack: 'one folder twice, with two modes',
    verdict: 'reject',
    parts: () => [folder('docs/d', 0o700), folder('docs/d', 0o777), file('docs/d/x', '1')],
  },
  {
    name: 'c10',
    attack: 'the Turkish i',
    verdict: 'either',
    parts: () => [file('docs/\u0130x', '1'), file('docs/ix', '2'), file('docs/\u0131x', '3')],
  },
];

/** Names that a terminal, a list or a file system reads differently. */
export const NAME_CASES: readonly HostileCase[] = [
  { name: 'd01', attack: 'a NUL', verdict: 'reject', parts: () => [innocent(), paxFile('docs/a\0.txt')] },
  {
    name: 'd02',
    attack: 'a newline that forges a line of a list',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/a\n0000  ok')],
  },
  {
    name: 'd03',
    attack: 'terminal commands',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/\u001b[2J\u001b]0;pwn\u0007\u001b]52;c;cm0gLXJm\u0007x')],
  },
  {
    name: 'd04',
    attack: 'a return that hides the line',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/evil\rOK      ')],
  },
  {
    name: 'd05',
    attack: 'a false extension, by writing direction',
    verdict: 'either',
    parts: () => [innocent(), file('docs/gnp\u202egpj.exe')],
  },
  {
    name: 'd06',
    attack: 'twins by a space of no width',
    verdict: 'either',
    parts: () => [innocent(), file('docs/a\u200bb', '1'), file('docs/ab', '2')],
  },
  {
    name: 'd07',
    attack: 'an 8-bit terminal command',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/\u009b31mred')],
  },
  {
    name: 'd08',
    attack: 'bytes that are not UTF-8',
    verdict: 'reject',
    parts: () => [innocent(), file(bytes('docs/f', [0xff, 0xfe]), '1'), file(bytes('docs/f', [0xfe, 0xff]), '2')],
  },
  {
    name: 'd09',
    attack: 'half a surrogate pair',
    verdict: 'reject',
    parts: () => [innocent(), file(bytes('docs/', [0xed, 0xa0, 0x80]))],
  },
  {
    name: 'd10',
    attack: '../ in overlong UTF-8',
    verdict: 'reject',
    parts: () => [innocent(), file(bytes([0xc0, 0xae, 0xc0, 0xae, 0xc0, 0xaf], 'evil'))],
  },
  {
    name: 'd11',
    attack: 'devices of Windows',
    verdict: 'either',
    parts: () => [
      innocent(),
      file('docs/CON', '1'),
      file('docs/nul.txt', '2'),
      file('docs/COM1.json', '3'),
      file('docs/aux', '4'),
    ],
  },
  {
    name: 'd12',
    attack: 'a second stream of a file',
    verdict: 'either',
    parts: () => [innocent(), file('docs/a.txt:evil:$DATA')],
  },
  {
    name: 'd13',
    attack: 'what Windows forbids in a name',
    verdict: 'either',
    parts: () => [innocent(), file('docs/q?s*r'), file('docs/a<b>c|d"e')],
  },
  {
    name: 'd14',
    attack: 'a part of 256 bytes',
    verdict: 'reject',
    parts: () => [innocent(), paxFile(`docs/${'n'.repeat(256)}`)],
  },
  {
    name: 'd15',
    attack: 'a path over 4096 bytes',
    verdict: 'reject',
    parts: () => [innocent(), paxFile(`docs/${'d/'.repeat(2500)}x`)],
  },
  {
    name: 'd16',
    attack: '3000 folders in each other',
    verdict: 'reject',
    parts: () => [innocent(), paxFile(`${'q/'.repeat(3000)}x`)],
  },
  {
    name: 'd17',
    attack: 'a file whose name ends with a slash',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/x/', 'data')],
  },
  { name: 'd18', attack: 'a backslash', verdict: 'either', parts: () => [innocent(), file('docs/back\\slash')] },
  {
    name: 'd19',
    attack: 'none: long and odd names',
    verdict: 'accept',
    parts: () => [
      innocent(),
      paxFile('docs/\u{1f600} \u00fcn\u00ef code.txt'),
      paxFile(`docs/${'n'.repeat(255)}`, 'l'),
      paxFile(`docs/${`${'p'.repeat(99)}/`.repeat(8)}leaf`, 'd'),
    ],
  },
  {
    name: 'd20',
    attack: 'none: spaces and a dot',
    verdict: 'accept',
    parts: () => [file('docs/ lead', '1'), file('docs/in ner', '2'), file('docs/.hidden', '3')],
  },
];
