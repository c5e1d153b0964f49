import type { Plugin } from 'esbuild';

/**
 * Packages that many commands do not need, by the file beside the program that has them, and how each is exported. Together they are more than half of the
 * program: V8 would read them at every start, and its compiled code would have a note for each function that is not compiled. bin/compiled-code.js loads
 * a file when the program first requires it.
 */
const LIBRARIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'libraries.cjs': {
    archiver: `export * from 'archiver';`,
    pino: `module.exports = require('pino');`,
    tar: `module.exports = require('tar');`,
    yauzl: `module.exports = require('yauzl');`,
    zod: `export * from 'zod';`,
  },
  // Commands about remotes alone need it, and it is larger than all others together.
  'remotes.cjs': { '@aws-sdk/client-s3': `export * from '@aws-sdk/client-s3';` },
  // Only what is encrypted needs it.
  'encryption.cjs': { 'age-encryption': `export * from 'age-encryption';` },
};

export const LIBRARY_FILES: readonly string[] = Object.keys(LIBRARIES);

const FILE_OF = new Map(
  Object.entries(LIBRARIES).flatMap(([file, libraries]) => Object.keys(libraries).map((name) => [name, file] as const)),
);
const NAMES = new RegExp(`^(${[...FILE_OF.keys()].join('|')})$`);

/** For the program: a library comes from another file. */
export const useLibraries: Plugin = {
  name: 'use-libraries',
  setup(bundler) {
    bundler.onResolve({ filter: NAMES }, ({ path: name, importer }) =>
      importer.includes('node_modules') ? undefined : { path: name, namespace: 'library' },
    );
    bundler.onLoad({ filter: /.*/, namespace: 'library' }, ({ path: name }) => ({
      contents: `module.exports = require('./${FILE_OF.get(name)}')['${name}'];`,
    }));
    const isFile = new RegExp(`/(${LIBRARY_FILES.join('|')})$`);
    bundler.onResolve({ filter: isFile }, ({ path }) => ({ path, external: true }));
  },
};

/** One of the other files: each library is loaded when it is first used. */
export const librariesEntry = (file: string, resolveDir: string): { contents: string; resolveDir: string } => {
  const names = Object.keys(LIBRARIES[file] ?? {});
  const getters = names.map((name) => `get '${name}'() { return require('library:${name}'); }`);
  return { contents: `module.exports = { ${getters.join(', ')} };`, resolveDir };
};

export const makeLibraries = (file: string, resolveDir: string): Plugin => ({
  name: 'make-libraries',
  setup(bundler) {
    bundler.onResolve({ filter: /^library:/ }, ({ path }) => ({
      path: path.slice('library:'.length),
      namespace: 'library',
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'library' }, ({ path: name }) => ({
      contents: LIBRARIES[file]?.[name] ?? '',
      resolveDir,
    }));
  },
});
