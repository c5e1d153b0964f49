import type { select } from '../core/import-v1/open-backup.ts';
import type { Session } from '../cli/session.ts';
import type { Project } from '../core/model/category.ts';

type SelectedBackup = Awaited<ReturnType<typeof select>>;

interface Opened {
  readonly project: Project;
  readonly selected: SelectedBackup;
  /** What the words of `--only` mean in this backup. Empty: everything. */
  readonly only: readonly string[];
}

/** Opens the backup that a command line names for `use`, and closes it in any case. Throws as `select` and `resolveOnly` do. */
export async function withSelected<Result>(
  session: Session,
  { selector, only: words, how }: { selector: string | undefined; only: string[] | undefined; how?: { wayBack: true } },
  use: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const { select: open } = await import('../core/import-v1/open-backup.ts');
  const { resolveOnly } = await import('../core/operations/resolve-only.ts');
  const project = await session.project(how);
  const selected = await open(project, selector, process.cwd(), session.context);
  try {
    const where = { cwd: process.cwd(), backups: [selected], live: false };
    return await use({ project, selected, only: await resolveOnly(words, project, where, session.context) });
  } finally {
    selected.dispose();
  }
}
