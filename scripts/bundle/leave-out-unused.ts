import path from 'node:path';
import type { Plugin } from 'esbuild';

/** What oclif loads eagerly, to discover plugins and commands, and never uses when it is handed a ready plugin. */
const UNUSED: Readonly<Record<string, string>> = {
  tinyglobby: 'export const glob = async () => [];',
  minimatch: 'export const minimatch = () => false;',
  lilconfig: 'export const lilconfig = () => ({ search: async () => null });',
  typescript: 'export default {};',
  'ts-node': 'export default {};',
};

/** Takes out of the bundle what oclif would load at every start and never call. */
export const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup(bundler) {
    const names = new RegExp(`^(${Object.keys(UNUSED).join('|')})$`);
    bundler.onResolve({ filter: names }, ({ path: name, importer }) =>
      importer.includes(`${path.sep}@oclif${path.sep}`) ? { path: name, namespace: 'unused' } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path: name }) => ({ contents: UNUSED[name] ?? '' }));
  },
};
