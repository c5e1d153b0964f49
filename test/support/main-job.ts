import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { readManifest } from '../../src/core/format/manifest-file.ts';
import { databasesOf } from '../../src/core/model/stated-databases.ts';
import { compareTrees, readTree } from './compare-trees.ts';
import { makeSampleProject } from './sample-project.ts';

/** The tool's own folders: they are not the project's state. */
const OURS = ['backups', '.migbackup'];

interface MainJobOptions {
  /** Exactly the environment of the program, nothing of ours besides. */
  readonly env: NodeJS.ProcessEnv;
  /** A LevelDB to put in place of the sample project's. */
  readonly database?: string | undefined;
  /** What the program finds its project by, where that is not the path here (a chroot, a drive letter). */
  readonly seenAs?: (root: string) => string;
}

/**
 * What the program is for, with nothing but the program: makes a project in `root` with a LevelDB and a SQLite database, backs it up, verifies with a
 * rehearsal, destroys, restores, and answers every difference, one line each. Throws when a step ends with anything but 0, or a database is not proven.
 */
export async function mainJob(
  [program, ...leading]: readonly [string, ...string[]],
  root: string,
  { env, database, seenAs = (folder) => folder }: MainJobOptions,
): Promise<string[]> {
  await makeSampleProject(root);
  if (database !== undefined) {
    rmSync(path.join(root, 'leveldb'), { recursive: true });
    cpSync(database, path.join(root, 'leveldb'), { recursive: true, preserveTimestamps: true });
  }
  const before = readTree(root, OURS);

  function migbackup(...words: string[]): void {
    const args = [...leading, ...words, '--root', seenAs(root)];
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}\n${stdout}${stderr}`, { cause: error });
  }

  migbackup('create');
  const unproven = ['leveldb', 'sqlite'].filter((engine) => !isProven(root, engine));
  if (unproven.length > 0) throw new Error(`not proven: ${unproven.join(', ')}`);
  migbackup('verify', '--latest', '--rehearse');
  // LOCK stays where it is: the program must find out by itself that nobody holds the database.
  rmSync(path.join(root, 'leveldb/CURRENT'));
  rmSync(path.join(root, 'deployments'), { recursive: true });
  migbackup('restore', '--latest', '--yes');
  return compareTrees(before, readTree(root, OURS));
}

/** Whether the engine itself has counted what the only backup holds of its kind. */
function isProven(root: string, engine: string): boolean {
  const [id = ''] = readdirSync(path.join(root, 'backups')).filter((name) => name.startsWith('migration-'));
  const found = databasesOf(readManifest(path.join(root, 'backups', id))).filter((each) => each.engine === engine);
  const reader = engine === 'leveldb' ? 'classic-level' : engine;
  return (
    found.length > 0 && found.every(({ digest, readers }) => digest !== null && readers.some((each) => each === reader))
  );
}
