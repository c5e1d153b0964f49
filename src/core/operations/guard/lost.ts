import { deploymentsInBackup, liveRegistries } from '../../extract/registries.ts';
import { readManifest } from '../../format/manifest-file.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import type { Deployment } from '../../model/recorded-deployments.ts';
import { escapeName } from '../../paths/names.ts';
import { PathSet } from '../../paths/path-set.ts';
import { lostDeployments } from '../../records/compare-deployments.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { Ownership } from '../../scan/ownership.ts';
import type { ScanProblem } from '../../scan/scan-item.ts';
import { scanCategory } from '../../scan/scanner.ts';

/** What the backup records: it is read before the command runs, which may touch the backup. Empty if it is interrupted. */
export async function recordedBefore(
  { folder }: Pick<SelectedBackup, 'folder'>,
  { signal }: Context,
): Promise<readonly Deployment[]> {
  try {
    return (await deploymentsInBackup(folder, readManifest(folder), signal)).deployments;
  } catch (error) {
    if (error instanceof BackupError && error.code === 'INTERRUPTED') return [];
    throw error;
  }
}

export interface Lost {
  readonly lostDeployments: Deployment[];
  readonly findings: Finding[];
}

/**
 * The deployments on live chains that were recorded before and are not now. One whose registry cannot be looked at is not called lost: a finding says
 * that it was not looked at. It never throws, because what follows it may be the way back.
 */
export async function lookForLost(project: Project, before: readonly Deployment[]): Promise<Lost> {
  if (before.length === 0) return { lostDeployments: [], findings: [] };
  try {
    return await look(project, before);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { lostDeployments: [], findings: [notLookedAt(`what the command lost of them is not known: ${why}`)] };
  }
}

async function look(project: Project, before: readonly Deployment[]): Promise<Lost> {
  const { categories } = project.config;
  const ownership = new Ownership(categories);
  const registries = liveRegistries(project.root);
  const problems: ScanProblem[] = [];
  const onProblem = (problem: ScanProblem): void => void problems.push(problem);
  const options = { ownership, onProblem, databaseAsFiles: () => true };
  for (const category of categories) {
    for (const item of scanCategory(project, category, options)) if (item.kind === 'entry') registries.see(item.entry);
  }
  const { deployments, findings } = await registries.read();
  const unread = [
    ...findings.filter(({ code }) => code === 'registry-not-read'),
    ...problems.map(({ path, message }) => notLookedAt(`${escapeName(path)}: ${message}`, path)),
  ];
  const unknown = new PathSet(unread.flatMap(({ path, affects = [] }) => path ?? affects));
  return {
    lostDeployments: lostDeployments(before, deployments).filter(({ file }) => !unknown.covers(file)),
    findings: unread.filter((finding) => concerns(finding, before)),
  };
}

/** Whether a registry that had something before was not looked at now. */
function concerns({ path, affects = [] }: Finding, before: readonly Deployment[]): boolean {
  const places = new PathSet(path === undefined ? affects : [path]);
  return before.some(({ file }) => places.covers(file));
}

function notLookedAt(message: string, path?: string): Finding {
  return {
    code: 'registry-not-read',
    severity: 'warning',
    message,
    ...(path !== undefined && { path }),
    recommendation: 'Remove the cause, then run migbackup diff: it says which deployments are gone.',
  };
}
