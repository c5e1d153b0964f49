import type { CheckResult } from '../../model/validate-report.ts';

export interface Counted {
  readonly files: number;
  readonly symlinks: number;
  readonly bytes: number;
}

/**
 * There is something to back up: create refuses an empty success.
 * @param configs how many of the files are the config itself, which is stored and is nothing to back up
 */
export function checkInventory(categories: ReadonlyMap<string, Counted>, configs: number): CheckResult {
  const about = { id: 'inventory', group: 'inventory' } as const;
  const holding = [...categories.values()].filter(({ files, symlinks }) => files + symlinks > 0);
  const sum = (figure: keyof Counted): number => holding.reduce((total, one) => total + one[figure], 0);
  const evidence = { files: sum('files'), symlinks: sum('symlinks'), bytes: sum('bytes') };
  if (evidence.files + evidence.symlinks > configs) {
    const message = `${evidence.files} files in ${holding.length} of ${categories.size} categories`;
    return { ...about, status: 'ok', message, evidence };
  }
  return {
    ...about,
    status: 'critical',
    message: 'there is nothing to back up here',
    evidence,
    recommendation:
      'Run it in the project (or give --root), or describe what to back up in migbackup.config.json (migbackup init).',
  };
}
