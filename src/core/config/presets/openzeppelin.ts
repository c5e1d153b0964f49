import type { Preset } from './preset.ts';

export const openzeppelin: Preset = {
  name: 'openzeppelin',
  title: 'OpenZeppelin upgrades',
  foundBy: {
    paths: ['.openzeppelin'],
    packages: ['@openzeppelin/hardhat-upgrades', '@openzeppelin/truffle-upgrades', '@openzeppelin/upgrades-core'],
  },
  places: [
    {
      category: 'proxies',
      source: 'manifests',
      path: '.openzeppelin',
      movedBy: { variable: 'MANIFEST_DEFAULT_DIR' },
      external: true,
      what: 'OpenZeppelin proxy manifests',
      named: ['**/.openzeppelin/*.json'],
    },
  ],
};
