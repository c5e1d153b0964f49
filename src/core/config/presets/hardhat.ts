import type { Preset } from './preset.ts';

export const hardhat: Preset = {
  name: 'hardhat',
  title: 'Hardhat',
  foundBy: { paths: ['hardhat.config.*'], packages: ['hardhat'] },
  configs: ['hardhat.config.*'],
  places: [{ category: 'scripts', source: 'scripts', path: 'scripts', what: 'scripts' }],
  rebuilt: [
    { folder: 'artifacts', by: 'hardhat compile' },
    { folder: 'artifacts-zk', by: 'hardhat compile' },
    { folder: 'cache', by: 'hardhat compile' },
    { folder: 'cache-zk', by: 'hardhat compile' },
    { folder: 'typechain', by: 'hardhat compile' },
    { folder: 'typechain-types', by: 'hardhat compile' },
  ],
};
