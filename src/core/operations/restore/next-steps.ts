import type { Planned } from './plan-restore.ts';

const INSTALLED_FROM =
  /(^|\/)(package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?)$/;

/** Commands worth running after a change: what package.json or a lock file says must be installed again. */
export function nextSteps({ plan }: Planned): string[] {
  const changed = plan.changes.map((change) => change.path).filter((changedPath) => INSTALLED_FROM.test(changedPath));
  if (changed.length === 0) return [];
  if (changed.some((file) => file.endsWith('yarn.lock'))) return ['yarn install'];
  if (changed.some((file) => file.endsWith('pnpm-lock.yaml'))) return ['pnpm install'];
  return ['npm ci'];
}
