import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files of src/ that hold nothing but schemas, and zod's own door. */
const SCHEMAS = /[\\/]src[\\/]core[\\/](model[\\/][\w-]+|[\w\\/-]*schema)\.ts$/;
const IMPORTS_ZOD = /^import \{ .*\bz\b.* \} from '(\.[./\w-]*\/zod\.ts|zod)';$/m;
const LAZY = 'lazy-schemas';

function schemasIn(file: string): string[] | null {
  if (!SCHEMAS.test(file)) return null;
  const source = readFileSync(file, 'utf8');
  if (!IMPORTS_ZOD.test(source)) return null;
  const named = [...source.matchAll(/^export const (\w+)/gm)].map(([, name = '']) => name);
  return source.includes('\nexport { z };') ? [...named, 'z'] : named;
}

/**
 * Makes a schema, and zod itself, when it is first asked for: most commands read one kind of document or none, and making all schemas costs
 * every start as much as reading the command line.
 */
export const lazySchemas: Plugin = {
  name: LAZY,
  setup(bundler) {
    bundler.onResolve({ filter: /^\..*\.ts$/ }, ({ path: name, importer, resolveDir, namespace }) => {
      const file = path.resolve(resolveDir, name);
      // Among themselves schemas are needed at once.
      if (namespace === LAZY || SCHEMAS.test(importer) || schemasIn(file) === null) return undefined;
      // By its place in the checkout: the bundle names it, and is the same wherever the checkout lies.
      return { path: path.relative(root, file), namespace: LAZY };
    });
    bundler.onLoad({ filter: /.*/, namespace: LAZY }, ({ path: name }) => {
      const file = path.resolve(root, name);
      const real = JSON.stringify(`./${path.basename(file)}`);
      const getters = (schemasIn(file) ?? []).map((name) => `get ${name}() { return require(${real}).${name}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };`, resolveDir: path.dirname(file) };
    });
  },
};
