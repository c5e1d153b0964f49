/** The whole program as one CommonJS file: for the checkout, the npm package and the single binary alike. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { readBuildFacts } from '../src/cli/build-facts.ts';
import { embedWorkers } from './bundle/embed-workers.ts';
import { leaveOutUnused } from './bundle/leave-out-unused.ts';
import { lazySchemas } from './bundle/lazy-schemas.ts';
import { loadOnUse } from './bundle/load-on-use.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** package.json, the manifest and what is known of the build are read from disk in a checkout's src/; in one file they have to be inside. */
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

/** classic-level finds its addon beside itself; the binary has it as an asset. */
const embedNativeAddon: Plugin = {
  name: 'embed-native-addon',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
      importer.includes(`${path.sep}classic-level${path.sep}`) ? { path: 'binding', namespace: 'addon' } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'addon' }, () => ({
      contents: `module.exports = require('./src/cli/single-binary/native-addon.ts').loadNativeAddon();`,
      resolveDir: root,
    }));
  },
};

/** The folders of the packages that a list of source files comes from. */
function packageFolders(files: readonly string[]): string[] {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const unique = new Set(folders.filter((folder) => folder !== undefined));
  return [...unique].toSorted().map((folder) => path.join(root, folder));
}

/**
 * Writes the bundle to `outfile` and answers the folders of the packages that went into it. For `node` classic-level stays
 * outside, a package that the bundle requires; for `binary` it is inside, and its addon an asset of the executable.
 */
export async function bundle(outfile: string, host: 'node' | 'binary'): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    metafile: true,
    entryPoints: [path.join(root, 'src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    external: host === 'node' ? ['classic-level'] : [],
    // Its main file is UMD, which loads its parts by names that no bundler sees.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    target: 'node22.18',
    format: 'cjs',
    // What is loaded late is required late: code that is not loaded by Node's own loader cannot import (bin/run.js).
    supported: { 'dynamic-import': false },
    // What is a URL of a module in the sources is this one file's here.
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: `const bundleUrl=require('node:url').pathToFileURL(__filename).href;` },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    logOverride: { 'require-resolve-not-external': 'silent' },
    plugins: [
      leaveOutUnused,
      loadOnUse,
      lazySchemas,
      embedWorkers,
      embedFacts,
      nameCompletionCommands,
      ...(host === 'binary' ? [embedNativeAddon] : []),
    ],
  });
  return packageFolders(Object.keys(metafile.inputs));
}
