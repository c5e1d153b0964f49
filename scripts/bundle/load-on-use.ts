import path from 'node:path';
import type { Plugin } from 'esbuild';

/** Parts of Node that oclif requires at every start and hardly ever uses: together they take a third of the time in which Node starts. */
const SELDOM_USED = /^(node:)?(child_process|fs\/promises|perf_hooks|readline|tty)$/;
/** Modules that only some commands, an unusual file or an old backup need, with the functions that are used of each. */
const SELDOM_NEEDED: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': ['execFile', 'execFileSync', 'spawn', 'spawnSync'],
  'supports-color': ['stdout', 'stderr'],
  tar: ['Header', 'Pax'],
};
/** Importers that use only these functions; others may use more. */
const TAKERS = /[\\/]src[\\/](cli|commands|core)[\\/]|[\\/]@oclif[\\/]core[\\/]/;
/** CommonJS packages that look up a function only when they call it, so a stand-in is enough. */
const IMPORTERS = ['@oclif/core', 'debug', 'supports-color'].map((name) =>
  path.join(path.sep, 'node_modules', name, path.sep),
);

/** Loads those parts of Node, and those packages, when the first of their functions is used. */
export const loadOnUse: Plugin = {
  name: 'load-on-use',
  setup(bundler) {
    bundler.onResolve({ filter: SELDOM_USED }, ({ path: name, importer }) =>
      IMPORTERS.some((folder) => importer.includes(folder)) ? { path: name, namespace: 'on-use' } : undefined,
    );
    const seldom = new RegExp(`^(${Object.keys(SELDOM_NEEDED).join('|')})$`);
    bundler.onResolve({ filter: seldom }, ({ path: name, resolveDir, namespace, importer }) =>
      namespace === 'file' && TAKERS.test(importer)
        ? { path: name, namespace: 'part-on-use', pluginData: resolveDir }
        : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'part-on-use' }, ({ path: name, pluginData: resolveDir }) => {
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
