import { engineOf, recogniseFolder, type DatabaseAt } from '../databases/engines.ts';
import { lstatOrNull } from '../fs/durable.ts';
import type { Manifest } from '../model/manifest.ts';
import { databasesOf } from '../model/stated-databases.ts';
import { parentOf, toNative } from '../paths/paths.ts';
import { stillIs } from '../transaction/unit.ts';
import type { KeepOut } from './keep-out.ts';
import type { Planned } from './plan-restore.ts';

/** How often to plan again. Each time another database may turn out to have been written to; after this many attempts they will not keep still. */
const ATTEMPTS = 3;

interface ToHold {
  readonly project: { readonly root: string };
  readonly verified: { readonly manifest: Manifest };
  readonly planned: Planned;
  readonly replan: () => Promise<Planned>;
}

/**
 * Takes the locks of the databases that a plan replaces, and returns the plan that is right once they are held. What other processes wrote to these
 * databases until then does not touch what was approved: the databases are replaced anyway, and the safety backup, which comes next, holds what they
 * wrote. If a new plan differs in anything else, the old plan is returned, and the swap refuses what has changed since. Throws DATABASE_HELD.
 */
export async function planAsHeld({ project, verified, planned, replan }: ToHold, locks: KeepOut): Promise<Planned> {
  const known = new Set(databasesOf(verified.manifest).map((database) => database.path));
  const isDatabase = (path: string): boolean =>
    known.has(path) || recogniseFolder(toNative(project.root, path)) !== null;
  let current = planned;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await locks.holdTargets(current.changes.units);
    if (!isBehind(project.root, current, isDatabase)) break;
    const fresh = await replan();
    if (outside(fresh, isDatabase) !== outside(planned, isDatabase)) return planned;
    current = fresh;
  }
  return current;
}

/** Whether a database has changed since the plan. If it is replaced file by file, a file that was added since is in no unit. */
function isBehind(root: string, { changes }: Planned, isDatabase: (path: string) => boolean): boolean {
  const planned = new Set(changes.units.map(({ path }) => path));
  return changes.units.some(({ path, old, tree, database }) => {
    if (database !== undefined) return !stillIs(toNative(root, path), old) || hasNewPart(root, database, planned);
    if (tree) return old?.inside !== undefined && !stillIs(toNative(root, path), old);
    return isDatabase(parentOf(path));
  });
}

function hasNewPart(root: string, { path, engine: name }: DatabaseAt, planned: ReadonlySet<string>): boolean {
  const engine = engineOf(name);
  return (engine.parts ?? []).some((part) => {
    const at = engine.pathOf(path, part);
    return !planned.has(at) && lstatOrNull(toNative(root, at)) !== null;
  });
}

/** The units of a plan that are outside all databases, as text to compare. */
function outside({ changes }: Planned, isDatabase: (path: string) => boolean): string {
  const others = changes.units.filter(
    ({ path, database }) => database === undefined && !isDatabase(path) && !isDatabase(parentOf(path)),
  );
  return JSON.stringify(others.map(({ n: _n, ...unit }) => unit));
}
