/** The whole program as one CommonJS file, for the single binary. CommonJS because that is what Node's SEA takes. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What oclif loads eagerly, to discover plugins and commands, and never uses when it is handed a ready plugin. */
const UNUSED_IN_OCLIF: Readonly<Record<string, string>> = {
  tinyglobby: 'export const glob = async () => [];',
  minimatch: 'export const minimatch = () => false;',
  lilconfig: 'export const lilconfig = () => ({ search: async () => null });',
  typescript: 'export default {};',
  'ts-node': 'export default {};',
};

const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup(bundler) {
    const names = new RegExp(`^(${Object.keys(UNUSED_IN_OCLIF).join('|')})$`);
    bundler.onResolve({ filter: names }, ({ path: name, importer }) =>
      importer.includes(`${path.sep}@oclif${path.sep}`) ? { path: name, namespace: 'unused' } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path: name }) => ({
      contents: UNUSED_IN_OCLIF[name] ?? '',
    }));
  },
};

/** package.json and the manifest are read from disk in a checkout; in one file they have to be inside. */
const embedPackageFiles: Plugin = {
  name: 'embed-package-files',
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]cli[\\/]package-files\.ts$/ }, () => {
      const { name, version, description, oclif } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
      const packageJson = { name, version, description, oclif, type: 'module', dependencies: {} };
      const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8'));
      const files = JSON.stringify({ packageJson, manifest });
      return { contents: `export const readPackageFiles = () => (${files});` };
    });
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

/** Writes the bundle to `outfile` and answers the folders of the packages that went into it. */
export async function bundle(outfile: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    metafile: true,
    entryPoints: [path.join(root, 'src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    // Its main file is UMD, which loads its parts by names that no bundler sees.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    logOverride: { 'require-resolve-not-external': 'silent', 'empty-import-meta': 'silent' },
    plugins: [leaveOutUnused, embedPackageFiles, embedNativeAddon],
  });
  return packageFolders(Object.keys(metafile.inputs));
}
