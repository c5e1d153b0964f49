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

interface Wanted {
  readonly selector: string | undefined;
  readonly only: string[] | undefined;
  readonly how?: { wayBack: true };
  /** The copy in a remote that is meant, if it is one. */
  readonly from?: Parameters<typeof select>[4];
}

/** Opens the backup that a command line names for `use`, and closes it in any case. Throws as `select` and `resolveOnly` do. */
export async function withSelected<Result>(
  session: Session,
  { selector, only: words, how, from }: Wanted,
  use: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const { select: open } = await import('../core/import-v1/open-backup.ts');
  const { resolveOnly } = await import('../core/operations/resolve-only.ts');
  const project = await session.project(how);
  const selected = await open(project, selector, process.cwd(), session.context, from);
  try {
    const where = { cwd: process.cwd(), backups: [selected], live: false };
    return await use({ project, selected, only: await resolveOnly(words, project, where, session.context) });
  } finally {
    selected.dispose();
  }
}
