import { engineOf, type DatabaseAt } from '../../databases/engines.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { GuardReport, Loss } from '../../model/guard-report.ts';
import type { Manifest } from '../../model/manifest.ts';
import { databasesOf, unprovenDatabases } from '../../model/stated-databases.ts';
import { isInside } from '../../paths/paths.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import type { AllowedLoss } from './allowed-loss.ts';
import { lookForLostDeployments } from './lost-deployments.ts';
import { lostRecords } from './lost-records.ts';

/**
 * What the backup records and the project does not any more. Only databases are read in which something changed, and registries if one of them may have.
 * Of the changed files of external sources, `sent` are those that may show that something was sent to a chain.
 */
export async function lookForLoss(
  project: Project,
  selected: SelectedBackup,
  manifest: Manifest,
  { paths, external }: Pick<GuardReport, 'paths' | 'external'>,
  allowed: AllowedLoss,
  context: Context,
): Promise<{ loss: Loss; sent: readonly string[] }> {
  const changed = paths.map(({ path }) => path);
  const all = databasesOf(manifest);
  const databases: Loss['databases'] = [];
  const notCompared: Loss['notCompared'] = [];
  for (const database of all.filter((each) => changed.some((path) => isOf(each, path)))) {
    const lost = await lostRecords({ root: project.root, backup: selected.folder }, database, allowed, context);
    if (typeof lost === 'string') notCompared.push({ path: database.path, why: lost });
    else if (lost !== null) databases.push(lost);
  }
  const others = unprovenDatabases(manifest);
  const why = 'the backup holds it as plain files, so nobody knows which records it had';
  for (const path of others) if (changed.some((each) => touches(path, each))) notCompared.push({ path, why });
  const of = all.length + others.size;
  const looked = { databases: of - notCompared.length, of };
  const recorded = await lookForLostDeployments(project, selected, manifest, changed, external, allowed);
  const loss = {
    databases,
    deployments: recorded.deployments,
    looked,
    notCompared: [...notCompared, ...recorded.notCompared],
  };
  return { loss, sent: recorded.sent ?? external };
}

function isOf({ path: database, engine }: DatabaseAt, path: string): boolean {
  return touches(database, path) || engineOf(engine).partOf(database, path) !== null;
}

function touches(database: string, path: string): boolean {
  return isInside(path, database) || isInside(database, path);
}
