import type { Preset } from './preset.ts';

export const cannon: Preset = {
  name: 'cannon',
  title: 'Cannon',
  foundBy: {
    paths: ['cannonfile*.toml', 'omnibus*.toml'],
    packages: ['hardhat-cannon', '@usecannon/cli'],
  },
  configs: ['cannonfile*.toml', 'omnibus*.toml'],
  places: [{ category: 'configs', source: 'tomls', path: 'tomls', what: 'parts of cannonfiles' }],
};
