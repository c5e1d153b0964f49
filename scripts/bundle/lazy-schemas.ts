import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files of src/ that hold nothing but schemas, and zod.ts, through which they import zod. */
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
 * Makes a schema, and loads zod itself, only when it is first used: most commands read at most one kind of document, and making all schemas would take as
 * long at every start as reading the command line.
 */
export const lazySchemas: Plugin = {
  name: LAZY,
  setup(bundler) {
    bundler.onResolve({ filter: /^\..*\.ts$/ }, ({ path: name, importer, resolveDir, namespace }) => {
      const file = path.resolve(resolveDir, name);
      // A schema that another schema imports is needed at once.
      if (namespace === LAZY || SCHEMAS.test(importer) || schemasIn(file) === null) return undefined;
      // The path is relative, because the bundle contains it and must not depend on where the checkout is.
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
