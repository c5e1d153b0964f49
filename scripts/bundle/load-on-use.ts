import path from 'node:path';
import type { Plugin } from 'esbuild';

/** Parts of Node that the framework asks for at every start and hardly ever uses: together a third of what Node needs to start. */
const SELDOM_USED = /^(node:)?(child_process|fs\/promises|perf_hooks|readline|tty)$/;
/** CommonJS packages that look up a function where they call it, so a stand-in serves. */
const IMPORTERS = ['@oclif/core', 'debug', 'supports-color'].map((name) =>
  path.join(path.sep, 'node_modules', name, path.sep),
);

/** Loads those parts of Node when the first of their functions is asked for. */
export const loadOnUse: Plugin = {
  name: 'load-on-use',
  setup(bundler) {
    bundler.onResolve({ filter: SELDOM_USED }, ({ path: name, importer }) =>
      IMPORTERS.some((folder) => importer.includes(folder)) ? { path: name, namespace: 'on-use' } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'on-use' }, ({ path: name }) => ({
      contents: `module.exports = new Proxy({}, {
        get: (_, key) => (key === '__esModule' ? undefined : process.getBuiltinModule('${name}')[key]),
      });`,
    }));
  },
};
