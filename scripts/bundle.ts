/** The whole program in two files for the checkout and the npm package, in one for the single binary. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type BuildResult, type Plugin } from 'esbuild';
import { readBuildFacts } from '../src/cli/build-facts.ts';
import { embedWorkers } from './bundle/embed-workers.ts';
import { leaveOutUnused } from './bundle/leave-out-unused.ts';
import { lazySchemas } from './bundle/lazy-schemas.ts';
import { LIBRARY_FILES, librariesEntry, makeLibraries, useLibraries } from './bundle/separate-libraries.ts';

type Host = 'node' | 'binary';

const root = fileURLToPath(new URL('..', import.meta.url));

/** In a checkout, src/ reads package.json, the manifest and facts of the build from disk; a bundle has to contain them. */
const embedFacts: Plugin = {
  name: 'embed-facts',
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]cli[\\/]package-files\.ts$/ }, () => {
      const { name, version, description, oclif } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
      const packageJson = { name, version, description, oclif, type: 'module', dependencies: {} };
      const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8'));
      const files = JSON.stringify({ packageJson, manifest });
      return { contents: `export const readPackageFiles = () => (${files});` };
    });
    bundler.onLoad({ filter: /[\\/]cli[\\/]build-facts\.ts$/ }, () => ({
      contents: `export const readBuildFacts = () => (${JSON.stringify(readBuildFacts())});`,
    }));
  },
};

/** oclif finds the commands of the plugin for completions as files; a bundle has to name them. */
const nameCompletionCommands: Plugin = {
  name: 'name-completion-commands',
  setup(bundler) {
    const folder = './node_modules/@oclif/plugin-autocomplete/lib/commands/autocomplete';
    const loaders = ['index', 'create', 'script'].map((name) => `${name}: () => import('${folder}/${name}.js')`);
    bundler.onLoad({ filter: /[\\/]cli[\\/]completion-commands\.ts$/ }, () => ({
      contents: `const load = { ${loaders.join(', ')} };
        export const loadCompletionCommand = async (name) => (await load[name]()).default;`,
      resolveDir: root,
    }));
  },
};

/** classic-level finds its addon in its own package, where npm has put the one for this machine. The binary has it as an asset. */
const nativeAddon = (host: Host): Plugin => ({
  name: 'native-addon',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/binding$/ }, ({ importer }) => {
      if (!importer.includes(`${path.sep}classic-level${path.sep}`)) return undefined;
      return host === 'node'
        ? { path: 'classic-level/binding.js', external: true }
        : { path: 'binding', namespace: 'addon' };
    });
    bundler.onLoad({ filter: /.*/, namespace: 'addon' }, () => ({
      contents: `module.exports = require('./src/cli/single-binary/native-addon.ts').loadNativeAddon();`,
      resolveDir: root,
    }));
  },
});

/**
 * For a module that is not an ES module, esbuild copies all names into a stand-in for each file that imports it: at every start that is 80 times the
 * 106 names of node:fs. A stand-in that inherits from the module has the same names without copying.
 */
function inheritImports(code: string): string {
  // Where all are ES modules there are no stand-ins.
  if (!code.includes('__toESM')) return code;
  // esbuild counts on if a library has a `mod` of its own.
  const parts = code.split(/(__toESM=\((mod\d*),isNodeMode,target\)=>)\(/);
  const [before, head, mod, after] = parts;
  if (parts.length !== 4) throw new Error('the bundle has no __toESM any more');
  const inherits = `isNodeMode&&${mod}!=null&&typeof ${mod}=="object"`;
  return `${before}${head}${inherits}?__defProp(__create(${mod}),"default",{value:${mod}}):(${after}`;
}

/** The folders of the packages that a list of source files comes from. */
function packageFolders(files: readonly string[]): string[] {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const unique = new Set(folders.filter((folder) => folder !== undefined));
  return [...unique].toSorted().map((folder) => path.join(root, folder));
}

/** V8 reads a text several times faster if it is pure ASCII, but esbuild leaves other letters in regular expressions as they are. */
const asAscii = (code: string): string =>
  code.replaceAll(/[^\0-\x7F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What Node puts around a CommonJS module, so that bin/compiled-code.js need not put the two together at every start. */
const asFunction = (code: string): string => `(function (exports, require, module, __filename, __dirname) {${code}\n})`;

/** Options for both files. */
const COMMON = {
  absWorkingDir: root,
  metafile: true,
  write: false,
  bundle: true,
  platform: 'node',
  target: 'node22.18',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  // A late import becomes a late require: code that Node's own loader did not load cannot import (see bin/compiled-code.js).
  supported: { 'dynamic-import': false },
  // The URL of each module in the sources becomes the URL of the bundle.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: `const bundleUrl=require('node:url').pathToFileURL(__filename).href;` },
  logOverride: { 'require-resolve-not-external': 'silent' },
} satisfies BuildOptions;

/** The program; for `node` without the libraries that `bundleLibraries` puts into a file of their own. */
function bundleProgram(host: Host): Promise<Result> {
  return build({
    ...COMMON,
    entryPoints: [path.join(root, 'src/main.ts')],
    // Its main file is UMD and loads its parts by names that no bundler sees.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    plugins: [
      leaveOutUnused,
      lazySchemas,
      embedWorkers,
      embedFacts,
      nameCompletionCommands,
      nativeAddon(host),
      ...(host === 'node' ? [useLibraries] : []),
    ],
  });
}

function bundleLibraries(file: string): Promise<Result> {
  return build({ ...COMMON, stdin: librariesEntry(file, root), plugins: [leaveOutUnused, makeLibraries(file, root)] });
}

type Result = BuildResult<typeof COMMON>;

const codeOf = ({ outputFiles: [file] }: Result): string => asAscii(inheritImports(file?.text ?? ''));

/**
 * Writes the program to `outfile`, and the libraries beside it, as one function each, which bin/compiled-code.js compiles and calls. The addon of
 * classic-level stays outside, in a package that the program requires. Returns the folders of the packages that went into them.
 */
export async function bundle(outfile: string): Promise<string[]> {
  const [program, ...libraries] = await Promise.all([bundleProgram('node'), ...LIBRARY_FILES.map(bundleLibraries)]);
  mkdirSync(path.dirname(outfile), { recursive: true });
  writeFileSync(outfile, asFunction(codeOf(program)));
  for (const [at, file] of LIBRARY_FILES.entries()) {
    const library = libraries[at];
    if (library !== undefined) writeFileSync(path.join(path.dirname(outfile), file), asFunction(codeOf(library)));
  }
  return packageFolders([program, ...libraries].flatMap(({ metafile }) => Object.keys(metafile.inputs)));
}

/** The same for the single binary: everything in one module; the addon is an asset of the executable. */
export async function bundleForBinary(outfile: string): Promise<string[]> {
  const program = await bundleProgram('binary');
  mkdirSync(path.dirname(outfile), { recursive: true });
  writeFileSync(outfile, codeOf(program));
  return packageFolders(Object.keys(program.metafile.inputs));
}
