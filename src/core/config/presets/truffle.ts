import type { Preset } from './preset.ts';

/** An artifact of Truffle has in `networks` what was deployed where, so compiled files are state here. */
export const truffle: Preset = {
  name: 'truffle',
  title: 'Truffle',
  foundBy: { paths: ['truffle-config.js', 'truffle-config.ts', 'truffle.js'], packages: ['truffle'] },
  configs: ['truffle-config.*', 'truffle.js', '.secret', 'mnemonic.txt'],
  places: [
    {
      category: 'registries',
      source: 'truffle',
      path: 'build/contracts',
      movedBy: { files: ['truffle-config.js', 'truffle-config.ts', 'truffle.js'], key: 'contracts_build_directory' },
      include: ['*.json'],
      what: 'Truffle artifacts, which record deployments',
    },
    { category: 'scripts', source: 'migrations', path: 'migrations', what: 'migrations' },
  ],
};
