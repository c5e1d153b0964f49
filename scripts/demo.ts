/**
 * The whole story on a made-up project: check, back up, verify, destroy, restore, compare every byte. Each command is
 * printed before it runs and its output is real; the demo fails if anything at all differs at the end. On a terminal the
 * project stays, so that the commands can be pasted; elsewhere it is removed.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { shellLine } from '../src/core/model/shell-quote.ts';
import { compareTrees, readTree } from '../test/support/compare-trees.ts';
import { checkoutBin, cliCommand } from '../test/support/run-cli.ts';
import { makeSampleProject } from '../test/support/sample-project.ts';
import { tempFolder } from '../test/support/temp-folder.ts';

const ENTRIES = 1000;
/** The tool's own folders: they are not the project's state. */
const OURS = ['backups', '.migbackup'];

function say(text: string): void {
  console.log(`\n${text}`);
}

/** Runs migbackup in the project, shows command and output, and stops the demo unless it ends as expected. */
function migbackup(root: string, args: string[], expected = 0): void {
  console.log(`\n$ ${shellLine(['migbackup', ...args])}`);
  const [program, ...leading] = cliCommand();
  const { status, error } = spawnSync(program, [...leading, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== expected)
    throw new Error(`migbackup ${args[0]} ended with ${status}, expected ${expected}`, { cause: error });
}

/** What a migration gone wrong leaves: state deleted, files cut short, bytes flipped. */
function destroy(root: string): void {
  const database = path.join(root, 'leveldb');
  for (const name of readdirSync(database)) {
    if (name.startsWith('MANIFEST-')) rmSync(path.join(database, name));
  }
  console.log('  deleted    leveldb/MANIFEST-*  (the database does not open any more)');
  rmSync(path.join(root, '.openzeppelin'), { recursive: true });
  console.log('  deleted    .openzeppelin/');
  rmSync(path.join(root, 'deployments/mainnet'), { recursive: true });
  console.log('  deleted    deployments/mainnet/');
  const cut = path.join(root, 'deployments/sepolia/Registry.json');
  writeFileSync(cut, readFileSync(cut).subarray(0, 20));
  console.log('  cut short  deployments/sepolia/Registry.json');
  const flipped = path.join(root, 'deployments/unified/mainnet.json');
  const bytes = readFileSync(flipped);
  bytes[10] = (bytes[10] ?? 0) ^ 0xff;
  writeFileSync(flipped, bytes);
  console.log('  corrupted  deployments/unified/mainnet.json');
}

async function countEntries(folder: string): Promise<number> {
  const database = new ClassicLevel(folder);
  await database.open();
  let count = 0;
  for await (const _key of database.keys()) count += 1;
  await database.close();
  return count;
}

/** An installed migbackup is in the PATH; here a shell function stands in for it. */
function sayHowToPaste(root: string): void {
  const binary = process.env['MIGBACKUP_BIN'];
  const program = shellLine(binary === undefined ? ['node', checkoutBin] : [binary]);
  console.log(`\n$ ${shellLine(['cd', root])}\n$ migbackup() { ${program} "$@"; }`);
}

async function main(folder: string): Promise<void> {
  const root = path.join(folder, 'contracts');
  await makeSampleProject(root, { entries: ENTRIES });
  const before = readTree(root, OURS);
  say(`A Hardhat project with ${before.size} paths and a LevelDB of ${ENTRIES} records in ${root}`);
  sayHowToPaste(root);

  migbackup(root, ['validate']);
  migbackup(root, ['create', '--note', 'before the migration']);
  migbackup(root, ['list']);
  migbackup(root, ['verify', '--latest']);

  say('A migration goes wrong:');
  destroy(root);
  console.log(`  ${compareTrees(before, readTree(root, OURS)).length} paths differ now`);

  migbackup(root, ['restore', '--latest', '--dry-run']);
  migbackup(root, ['restore', '--latest', '--yes']);

  const differences = compareTrees(before, readTree(root, OURS));
  if (differences.length > 0) throw new Error(`the project is not what it was:\n  ${differences.join('\n  ')}`);
  // This comes after the comparison, because opening the database to count writes to it.
  const entries = await countEntries(path.join(root, 'leveldb'));
  if (entries !== ENTRIES) throw new Error(`the database has ${entries} records, expected ${ENTRIES}`);
  say(`Nothing was lost: ${before.size} paths equal in bytes, modes, times and links; ${entries} LevelDB records.`);
}

const folder = tempFolder('migbackup-demo-');
try {
  await main(folder.path);
} catch (error) {
  console.error(`\ndemo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  if (process.stdout.isTTY) {
    say(`The project stays, so that you can paste the lines that begin with $. To remove it:\n  rm -r ${folder.path}`);
  } else {
    folder[Symbol.dispose]();
  }
}
