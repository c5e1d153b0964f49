import type { Plugin } from 'esbuild';

/**
 * Packages of which many commands need none, and how each is handed on. Together they are half of the program: V8 would read them at every start,
 * and keep compiled for each of their functions that it is not compiled.
 */
const LIBRARIES: Readonly<Record<string, string>> = {
  archiver: `export * from 'archiver';`,
  pino: `module.exports = require('pino');`,
  tar: `module.exports = require('tar');`,
  yauzl: `module.exports = require('yauzl');`,
  zod: `export * from 'zod';`,
};
const NAMES = new RegExp(`^(${Object.keys(LIBRARIES).join('|')})$`);

/** Beside the program; bin/compiled-code.js loads it when the program first requires it. */
export const LIBRARIES_FILE = 'libraries.cjs';

/** In the program: a library comes from the other file. */
export const useLibraries: Plugin = {
  name: 'use-libraries',
  setup(bundler) {
    bundler.onResolve({ filter: NAMES }, ({ path: name, importer }) =>
      importer.includes('node_modules') ? undefined : { path: name, namespace: 'library' },
    );
    bundler.onLoad({ filter: /.*/, namespace: 'library' }, ({ path: name }) => ({
      contents: `module.exports = require('./${LIBRARIES_FILE}').${name};`,
    }));
    bundler.onResolve({ filter: new RegExp(`/${LIBRARIES_FILE}$`) }, ({ path }) => ({ path, external: true }));
  },
};

/** The other file: each library is made when it is asked for. */
export const librariesEntry = (resolveDir: string): { contents: string; resolveDir: string } => {
  const getters = Object.keys(LIBRARIES).map((name) => `get ${name}() { return require('library:${name}'); }`);
  return { contents: `module.exports = { ${getters.join(', ')} };`, resolveDir };
};

export const makeLibraries = (resolveDir: string): Plugin => ({
  name: 'make-libraries',
  setup(bundler) {
    bundler.onResolve({ filter: /^library:/ }, ({ path }) => ({
      path: path.slice('library:'.length),
      namespace: 'library',
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'library' }, ({ path: name }) => ({
      contents: LIBRARIES[name] ?? '',
      resolveDir,
    }));
  },
});
