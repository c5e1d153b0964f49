import { shellQuote } from '../model/shell-quote.ts';
import type { LeftOver } from '../fs/left-over.ts';
import type { Finding } from '../model/finding.ts';
import { escapeName } from '../paths/names.ts';

/** Says what could not be cleaned up, with the shell line that does it. */
export function leftOverFinding({ path, what, why }: LeftOver): Finding {
  const kept = what === 'kept';
  return {
    code: 'not-removed',
    severity: 'warning',
    message: kept
      ? `${escapeName(path)} is left over and cannot be removed: ${why}`
      : `${escapeName(path)} cannot be looked into for what is left over: ${why}`,
    path,
    recommendation: kept
      ? `Nothing needs it any more. Remove it as a user who may: sudo rm -rf ${shellQuote(path)}`
      : `Let this user look into it, as a user who may: sudo chown -R "$(id -u):$(id -g)" ${shellQuote(path)}`,
  };
}
