import { isInside } from '../../paths/paths.ts';
import type { GuardReport } from '../../model/guard-report.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { RestorePlan } from '../../model/restore-report.ts';

export type Changes = Pick<GuardReport, 'changes' | 'paths' | 'external'>;

/** What going back would have to put right is what the command did. */
const DONE = { add: 'removed', replace: 'changed', remove: 'added' } as const;

/** Reads a plan for the exact way back as an account of what was done since the backup. */
export function describeChanges(manifest: Manifest, plan: RestorePlan): Changes {
  const changes: Changes['changes'] = {};
  for (const [name, figures] of Object.entries(plan.categories)) {
    const { add, replace, remove } = figures;
    if (add.files + replace.files + remove.files === 0) continue;
    changes[name] = { added: remove.files, changed: replace.files, removed: add.files };
  }
  const paths = plan.changes.map(({ path, action }) => ({ path, change: DONE[action] }));
  const sources = Object.values(manifest.categories).flatMap((category) => category.sources);
  const chain = sources.filter((source) => source.external).map((source) => source.path);
  // What was removed tells of no transaction, and bringing it back loses nothing.
  const left = paths.filter(({ change }) => change !== 'removed').map(({ path }) => path);
  const external = left.filter((path) => chain.some((source) => isInside(path, source)));
  return { changes, paths, external };
}
