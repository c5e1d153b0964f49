import { engineOf, recogniseFolder, type DatabaseAt } from '../databases/engines.ts';
import { lstatOrNull } from '../fs/durable.ts';
import type { Manifest } from '../model/manifest.ts';
import { databasesOf } from '../model/stated-databases.ts';
import { parentOf, toNative } from '../paths/paths.ts';
import { stillIs } from '../transaction/unit.ts';
import type { KeepOut } from './keep-out.ts';
import type { Planned } from './plan-restore.ts';

/** Each time another database turns out to have been written to; more of them than that do not keep still. */
const ATTEMPTS = 3;

interface ToHold {
  readonly project: { readonly root: string };
  readonly verified: { readonly manifest: Manifest };
  readonly planned: Planned;
  readonly replan: () => Promise<Planned>;
}

/**
 * Takes the locks of the databases that a plan replaces, and answers the plan as it is with them held: what their owners wrote until then changes
 * nothing of what was approved, since the databases are replaced, and the safety backup, which comes next, holds it. A plan that differs in anything
 * else is not taken: then the old one stands, and the swap refuses what was changed. Throws DATABASE_HELD.
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

/** Files that came since the plan stand in no unit where a database is exchanged file by file. */
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

/** What of a plan is in no database. */
function outside({ changes }: Planned, isDatabase: (path: string) => boolean): string {
  const others = changes.units.filter(
    ({ path, database }) => database === undefined && !isDatabase(path) && !isDatabase(parentOf(path)),
  );
  return JSON.stringify(others.map(({ n: _n, ...unit }) => unit));
}
