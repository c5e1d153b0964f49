import type { Plugin } from 'esbuild';

/**
 * Packages that many commands do not need, and how each is exported. Together they are half of the program: V8 would read them at every start, and
 * its compiled code would have a note for each function that is not compiled.
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

/** For the program: a library comes from the other file. */
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

/** The other file: each library is loaded when it is first used. */
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
