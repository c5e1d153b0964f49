import type { Manifest } from '../model/manifest.ts';
import type { Completeness } from '../model/completeness.ts';
import { isVersion1 } from './version1.ts';

/** What is said of a backup that does not know what it lacks. */
export const VERSION_1_IS_PARTIAL = 'format version 1 does not tell what was left out';

/**
 * Why a backup is partial, null where it is complete. It goes by what the manifest states; only a verification proves that.
 * @param place its folder or exported file: one of format version 1 states nothing that is believed
 */
export function whyPartial(manifest: Manifest, place: string): string | null {
  if (isVersion1(place)) return VERSION_1_IS_PARTIAL;
  const { kind, config, categories, findings } = manifest;
  if (kind === 'safety') return 'it holds what a restore was about to replace';
  if (findings.some(({ code }) => code === 'taken-while-guarded')) return 'taken while a guarded command ran';
  const { only = [] } = config;
  if (only.length > 0) return `made with --only ${only.join(', ')}`;
  const lacking = Object.keys(config.categories).filter((name) => categories[name] === undefined);
  if (lacking.length > 0) return `without ${lacking.join(', ')}`;
  const cut = Object.entries(categories).flatMap(([name, { status }]) => (status === 'partial' ? [name] : []));
  return cut.length === 0 ? null : `something was left out of ${cut.join(', ')}`;
}

export function completenessOf(manifest: Manifest, place: string): Completeness {
  return whyPartial(manifest, place) === null ? 'complete' : 'partial';
}
