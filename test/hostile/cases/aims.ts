import type { HostileCase } from '../support/hostile-case.ts';
import { claimed, file, folder, innocent, paxHeader, preceded, record } from '../support/tar-parts.ts';

const ID = 'migration-2020-01-01T00-00-00-000Z';
const DAY_BEFORE_1970 = -86_400n * 1_000_000_000n;

/** Members that aim at migbackup itself, or at programs that run later. */
export const AIMED_CASES: readonly HostileCase[] = [
  {
    name: 'i01',
    attack: 'a journal of a transaction',
    verdict: 'reject',
    parts: () => [innocent(), file('.migbackup/txn/plan.json', '{"v":1}'), file('.migbackup/lock', '{}')],
  },
  {
    name: 'i02',
    attack: 'another backup',
    verdict: 'reject',
    verifies: true,
    onlyInPlace: true,
    parts: () => [innocent(), file(`backups/${ID}/BACKUP_MANIFEST.json`, '{}')],
  },
  {
    name: 'i03',
    attack: 'hooks and settings of git',
    verdict: 'reject',
    parts: () => [
      innocent(),
      file('.git/hooks/post-checkout', '#!/bin/sh\nid\n', { mode: 0o755 }),
      file('.GIT/config', '[core]\n fsmonitor=id\n'),
    ],
  },
  {
    name: 'i04',
    attack: 'installed programs and settings of npm',
    verdict: 'reject',
    parts: () => [
      innocent(),
      file('node_modules/.bin/migbackup', '#!/bin/sh\n', { mode: 0o755 }),
      file('.npmrc'),
      file('package.json', '{"scripts":{"preinstall":"id"}}'),
    ],
  },
  {
    name: 'i05',
    attack: 'members outside their source',
    verdict: 'reject',
    sourcePath: 'deployments',
    parts: () => [innocent(), file('config/.env', 'SECRET=evil'), file('data/db/CURRENT', 'MANIFEST-000001\n')],
  },
  {
    name: 'i06',
    attack: 'a database that points outside',
    verdict: 'either',
    parts: () => [folder('data/db'), file('data/db/CURRENT', '../../../etc/passwd\n'), file('data/db/LOCK', '')],
  },
  {
    name: 'i07',
    attack: 'a database with the log of another',
    verdict: 'either',
    parts: () => [
      folder('data/db'),
      file('data/db/999999.log', 'foreign'),
      file('data/db/CURRENT', 'MANIFEST-000002\n'),
      file('data/db/MANIFEST-000002', 'm'),
    ],
  },
  {
    name: 'i08',
    attack: 'settings of npm alone',
    verdict: 'reject',
    parts: () => [innocent(), file('.npmrc', 'script-shell=/tmp/evil')],
  },
  {
    name: 'i09',
    attack: 'settings of npm in another case',
    verdict: 'reject',
    parts: () => [innocent(), file('.NPMRC', 'script-shell=/tmp/evil')],
  },
  {
    name: 'i10',
    attack: 'git in a folder, in full-width letters',
    verdict: 'reject',
    parts: () => [innocent(), file('docs/.\uff27it/config', '[core]')],
  },
];

const SIZES = [0, 1, 511, 512, 513];

/** Good backups, which must come out exactly. */
export const CONTROL_CASES: readonly HostileCase[] = [
  {
    name: 'z01',
    attack: 'none: files and folders',
    verdict: 'accept',
    parts: () => [
      folder('deployments'),
      file('deployments/a.json', '{"a":1}'),
      file('deployments/b.json', '{"b":2}', { mode: 0o600 }),
      folder('deployments/unified'),
      file('deployments/unified/u.json', '{}'),
    ],
  },
  {
    name: 'z02',
    attack: 'none: an empty folder, sizes about a block',
    verdict: 'accept',
    parts: () => [folder('docs/emptydir'), ...SIZES.map((size) => file(`docs/f${size}`, 'q'.repeat(size)))],
  },
  {
    name: 'z03',
    attack: 'none: 1,000 members',
    verdict: 'accept',
    parts: () => Array.from({ length: 1000 }, (_, at) => file(`deployments/n${at}.json`, `{"i":${at}}`)),
  },
  {
    name: 'z04',
    attack: 'none: a time between seconds',
    verdict: 'accept',
    parts: () => [claimed(file('docs/t', 't'), { mtimeNs: 1_700_000_000_123_456_789n })],
  },
  {
    name: 'z05',
    attack: 'none: a time before 1970, in a pax header',
    verdict: 'accept',
    parts: () => [
      claimed(preceded(paxHeader([record('mtime', '-86400')]), file('docs/t', 't')), { mtimeNs: DAY_BEFORE_1970 }),
    ],
  },
];
