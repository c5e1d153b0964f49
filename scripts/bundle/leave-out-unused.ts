import path from 'node:path';
import type { Plugin } from 'esbuild';

/** What oclif loads eagerly, to discover plugins and commands, and never uses when it is handed a ready plugin. */
const UNUSED_IN_OCLIF: Readonly<Record<string, string>> = {
  tinyglobby: 'export const glob = async () => [];',
  minimatch: 'export const minimatch = () => false;',
  lilconfig: 'export const lilconfig = () => ({ search: async () => null });',
  typescript: 'export default {};',
  'ts-node': 'export default {};',
  // It reads /proc and looks for Docker at every start to tell WSL from Linux, which is the same to us.
  'wsl-utils': `export const isWsl = false;
    export const powerShellPath = async () => 'powershell.exe';`,
  // The two of 80 that it takes unless asked: for Windows and for other terminals.
  'cli-spinners': `const spinner = { interval: 80, frames: ['-', '\\\\', '|', '/'] };
    export default { dots2: spinner, line: spinner };`,
};

/** Takes out of the bundle what would be read at every start and never called. */
export const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup(bundler) {
    const names = new RegExp(`^(${Object.keys(UNUSED_IN_OCLIF).join('|')})$`);
    bundler.onResolve({ filter: names }, ({ path: name, importer }) =>
      importer.includes(`${path.sep}@oclif${path.sep}`) ? { path: name, namespace: 'unused' } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path: name }) => ({
      contents: UNUSED_IN_OCLIF[name] ?? 'module.exports = {};',
    }));
    // debug asks at every start for the colours of messages that are never printed.
    bundler.onResolve({ filter: /^supports-color$/ }, ({ path: name, importer }) =>
      importer.includes(`${path.sep}debug${path.sep}`) ? { path: name, namespace: 'unused' } : undefined,
    );
    // zod brings its messages in 50 languages, a third of the whole bundle; ours are in English.
    bundler.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path: file }) => ({
      contents: `export { default as en } from './en.js';`,
      resolveDir: path.dirname(file),
    }));
  },
};
