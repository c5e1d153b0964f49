import path from 'node:path';
import type { Plugin } from 'esbuild';

/** What oclif loads at once to discover plugins and commands, and never uses if it is given a ready plugin. */
const UNUSED_IN_OCLIF: Readonly<Record<string, string>> = {
  tinyglobby: 'export const glob = async () => [];',
  minimatch: 'export const minimatch = () => false;',
  lilconfig: 'export const lilconfig = () => ({ search: async () => null });',
  typescript: 'export default {};',
  'ts-node': 'export default {};',
  // At every start it reads /proc and looks for Docker to tell WSL from Linux, which makes no difference to us.
  'wsl-utils': `export const isWsl = false;
    export const powerShellPath = async () => 'powershell.exe';`,
  // These are the two of 80 that it uses by default: one for Windows, one for other terminals.
  'cli-spinners': `const spinner = { interval: 80, frames: ['-', '\\\\', '|', '/'] };
    export default { dots2: spinner, line: spinner };`,
};

/** Leaves out of the bundle what would be read at every start and never called. */
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
    // At every start debug looks up the colours of messages that are never printed.
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
