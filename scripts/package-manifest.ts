import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface CheckoutManifest {
  readonly [key: string]: unknown;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Keys of the checkout's package.json that a user of the package has a use for. */
const KEPT = ['name', 'version', 'description', 'keywords', 'license', 'bin', 'engines'];

/**
 * package.json of the published package, from the checkout's: all that is bundled is no dependency any more, so one is
 * left, which brings the native addon.
 */
export function packageManifest(): Readonly<Record<string, unknown>> {
  const file = fileURLToPath(new URL('../package.json', import.meta.url));
  const checkout: CheckoutManifest = JSON.parse(readFileSync(file, 'utf8'));
  return {
    ...Object.fromEntries(KEPT.map((key) => [key, checkout[key]])),
    type: 'commonjs',
    files: ['bin/run.js', 'dist', 'schemas/config.json'],
    dependencies: { 'classic-level': checkout.dependencies['classic-level'] },
  };
}
