import type { Preset } from './preset.ts';

/** Everything but `deployments` is written by hand: modules, parameters, constructor-args, configs. */
export const ignition: Preset = {
  name: 'ignition',
  title: 'Hardhat Ignition',
  foundBy: {
    paths: ['ignition/modules', 'ignition/deployments'],
    packages: [
      '@nomicfoundation/hardhat-ignition',
      '@nomicfoundation/hardhat-ignition-ethers',
      '@nomicfoundation/hardhat-ignition-viem',
    ],
  },
  places: [
    {
      category: 'ignition',
      source: 'deployments',
      path: 'ignition/deployments',
      external: true,
      what: 'Ignition deployments',
      named: ['**/ignition/deployments/**'],
    },
    { category: 'ignition', source: 'files', path: 'ignition', what: 'modules and parameters of Ignition' },
  ],
};
