import type { Manifest } from '../model/manifest.ts';
import type { Completeness } from '../model/completeness.ts';
import { wholeOf } from './id.ts';
import { isVersion1 } from './version1.ts';

/** Why a backup of format version 1 always counts as partial. */
export const VERSION_1_IS_PARTIAL = 'format version 1 does not say what was left out';

/**
 * Why a backup is partial; null if it is complete. It goes by what the manifest states, which only a verification proves.
 * @param place its folder or exported file. The manifest of format version 1 is not believed
 */
export function whyPartial(manifest: Manifest, place: string): string | null {
  if (isVersion1(place)) return VERSION_1_IS_PARTIAL;
  const { backupId, kind, config, categories, findings } = manifest;
  if (kind === 'safety') return 'it holds what a restore was about to replace';
  if (findings.some(({ code }) => code === 'taken-while-guarded')) return 'taken while a guarded command ran';
  const { only = [] } = config;
  const whole = wholeOf(backupId);
  if (whole !== null) return `a part of ${whole}, export --only ${only.join(', ')}`;
  if (only.length > 0) return `made with --only ${only.join(', ')}`;
  const lacking = Object.keys(config.categories).filter((name) => categories[name] === undefined);
  if (lacking.length > 0) return `without ${lacking.join(', ')}`;
  const cut = Object.entries(categories).flatMap(([name, { status }]) => (status === 'partial' ? [name] : []));
  return cut.length === 0 ? null : `something was left out of ${cut.join(', ')}`;
}

export function completenessOf(manifest: Manifest, place: string): Completeness {
  return whyPartial(manifest, place) === null ? 'complete' : 'partial';
}
