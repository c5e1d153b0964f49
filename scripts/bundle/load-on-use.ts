import path from 'node:path';
import type { Plugin } from 'esbuild';

/** Parts of Node that the framework asks for at every start and hardly ever uses: together a third of what Node needs to start. */
const SELDOM_USED = /^(node:)?(child_process|fs\/promises|perf_hooks|readline|tty)$/;
/** Packages that only an unusual file or an old backup needs, with what src/ takes of each. */
const SELDOM_NEEDED: Readonly<Record<string, readonly string[]>> = { tar: ['Header', 'Pax'] };
/** CommonJS packages that look up a function where they call it, so a stand-in serves. */
const IMPORTERS = ['@oclif/core', 'debug', 'supports-color'].map((name) =>
  path.join(path.sep, 'node_modules', name, path.sep),
);

/** Loads those parts of Node, and those packages, when the first of their functions is asked for. */
export const loadOnUse: Plugin = {
  name: 'load-on-use',
  setup(bundler) {
    bundler.onResolve({ filter: SELDOM_USED }, ({ path: name, importer }) =>
      IMPORTERS.some((folder) => importer.includes(folder)) ? { path: name, namespace: 'on-use' } : undefined,
    );
    const packages = new RegExp(`^(${Object.keys(SELDOM_NEEDED).join('|')})$`);
    bundler.onResolve({ filter: packages }, ({ path: name, resolveDir, namespace }) =>
      namespace === 'file' ? { path: name, namespace: 'package-on-use', pluginData: resolveDir } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'package-on-use' }, ({ path: name, pluginData: resolveDir }) => {
      const getters = (SELDOM_NEEDED[name] ?? []).map((part) => `get ${part}() { return require('${name}').${part}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };`, resolveDir };
    });
    bundler.onLoad({ filter: /.*/, namespace: 'on-use' }, ({ path: name }) => ({
      contents: `module.exports = new Proxy({}, {
        get: (_, key) => (key === '__esModule' ? undefined : process.getBuiltinModule('${name}')[key]),
      });`,
    }));
  },
};
