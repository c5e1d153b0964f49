import type { CheckId, CheckResult } from './validate-report.ts';

interface CheckMeaning {
  readonly group: CheckResult['group'];
  /** What is true if the check is `ok`. */
  readonly ok: string;
}

/** What each check of validate looks for. A run does not need it: docs/cli-json.md is made from it. */
export const CHECK_MEANINGS: Readonly<Record<CheckId, CheckMeaning>> = {
  'state-gone': {
    group: 'state',
    ok: 'All files and databases of the newest complete backup are still there, and so are those that were missing when it was taken and were not accepted as gone, and no database has lost all of its records or stopped being a database; or there is no complete backup yet.',
  },
  runtime: { group: 'prerequisites', ok: 'Node.js is new enough and has zstd.' },
  clock: {
    group: 'prerequisites',
    ok: 'The clock is later than every backup, and the file system that holds them agrees with it.',
  },
  config: { group: 'configuration', ok: 'Every source that the config file names exists, or there is no config file.' },
  'npm-scripts': { group: 'configuration', ok: 'The npm scripts of the project are those that init makes.' },
  gitignore: { group: 'configuration', ok: 'Git ignores the folders of migbackup.' },
  'round-trip': {
    group: 'repository',
    ok: 'A file can be written, synced, renamed and read back in the place of the backups.',
  },
  lock: { group: 'repository', ok: 'No other migbackup holds a lock that create or restore needs.' },
  'git-clean': { group: 'repository', ok: 'The command git clean would not remove the backups.' },
  space: { group: 'repository', ok: 'There is enough free space for a backup.' },
  inodes: {
    group: 'repository',
    ok: 'There are enough free inodes for a backup; if the file system does not count them, there is no such check.',
  },
  backups: {
    group: 'repository',
    ok: 'There is a complete backup, and the newest complete one is on record as verified in full.',
  },
  'newest-backup': {
    group: 'repository',
    ok: 'No problem is known of the backup that latest means; before the first backup there is no such check.',
  },
  copies: {
    group: 'repository',
    ok: 'Each remote of the config has a copy of the newest complete backup, as far as was pushed from here or seen by this user, and no lock of one has ended; or the config names no remote, or there is no complete backup yet.',
  },
  keys: {
    group: 'repository',
    ok: 'A key drill has opened a copy in each encrypted remote that is known to have a copy of the newest complete backup, for the keys that the config names now; or no copies are encrypted.',
  },
  'stale-work': { group: 'repository', ok: 'No work folder is left from a run that was killed.' },
  'state-folder': { group: 'project', ok: 'There is no link or file in the place of the folder .migbackup.' },
  'restore-writable': { group: 'project', ok: 'This user may write in every folder that a restore would change.' },
  'one-file-system': { group: 'project', ok: 'Everything that a restore would change is on one file system.' },
  transaction: { group: 'project', ok: 'No restore was killed before it finished.' },
  'replaced-kept': { group: 'project', ok: 'Nothing that a finished restore replaced is still kept.' },
  guard: { group: 'project', ok: 'No guard was killed while its command ran.' },
  inventory: { group: 'inventory', ok: 'There is something to back up.' },
  'sources-readable': { group: 'inventory', ok: 'This user may read every source.' },
  'sources-there': { group: 'inventory', ok: 'Every required source exists.' },
  'sources-named': { group: 'inventory', ok: 'Every name and every target of a link can be stored.' },
  'sources-inside': { group: 'inventory', ok: 'No source is behind a link.' },
  'sources-still': { group: 'inventory', ok: 'Nothing vanished while it was looked at.' },
  'databases-placed': { group: 'inventory', ok: 'Every database has its parts and is not inside another database.' },
  'databases-read': { group: 'inventory', ok: 'Every database can be read.' },
  'databases-held': { group: 'inventory', ok: 'No process uses a database.' },
  'secrets-left-out': { group: 'inventory', ok: 'No file would be left out because it may hold secrets.' },
  'secrets-taken': { group: 'inventory', ok: 'No file that may hold secrets would be in the backup.' },
  'invalid-json': { group: 'inventory', ok: 'Every .json file parses.' },
  'sources-are-links': { group: 'inventory', ok: 'No source is a link.' },
  'links-out': { group: 'inventory', ok: 'No link leads out of the project.' },
  'special-files': { group: 'inventory', ok: 'There is no special file (fifo, socket or device).' },
  'special-bits': { group: 'inventory', ok: 'No file or folder is set-uid, set-gid or sticky.' },
  attributes: { group: 'inventory', ok: 'No file has ACLs, extended attributes, flags or hard links.' },
  'portable-names': { group: 'inventory', ok: 'Every name is one that all file systems can hold.' },
  'databases-foreign': { group: 'inventory', ok: 'Every database is of an engine that migbackup can prove.' },
  'databases-gone': { group: 'inventory', ok: 'There is no journal without the database that it belongs to.' },
  'databases-zeroed': { group: 'inventory', ok: 'No file that should be a SQLite database holds nothing but zeros.' },
  deployments: {
    group: 'deployments',
    ok: 'It is known on which chain every address is that a deployment registry records; the message says how many on which.',
  },
  'registries-valid': { group: 'deployments', ok: 'Every deployment registry parses and is what its tool writes.' },
  'registries-read': { group: 'deployments', ok: 'Every file that may be a deployment registry was looked at.' },
  'chains-agree': {
    group: 'deployments',
    ok: 'Every chain id in a deployment registry is the one that its folder states.',
  },
  'addresses-valid': {
    group: 'deployments',
    ok: 'Every recorded address is one, and passes its EIP-55 checksum if it has one.',
  },
  'artifacts-complete': { group: 'deployments', ok: 'Every artifact of a deployment has an ABI and bytecode.' },
  'implementations-known': {
    group: 'deployments',
    ok: 'The implementation of every proxy is recorded by something else too, as far as its chain has a manifest.',
  },
  'journals-agree': {
    group: 'deployments',
    ok: 'Every deployed_addresses.json of Hardhat Ignition is what its journal adds up to.',
  },
  'journals-whole': { group: 'deployments', ok: 'Every line of every journal of Hardhat Ignition is JSON.' },
  'databases-none': { group: 'inventory', ok: 'Every file with the name of a SQLite database is a database.' },
  coverage: { group: 'coverage', ok: 'All that looks like state is in a category.' },
  'secrets-not-covered': { group: 'coverage', ok: 'All that may hold secrets is in a category.' },
  'only-here': {
    group: 'coverage',
    ok: 'Git has every file of state, also of what is in no category, unchanged in a commit that a branch of a remote has.',
  },
  report: { group: 'repository', ok: 'The report of this run is kept, or there is no backups folder yet.' },
};
