import type { Preset } from './preset.ts';

/** Version 1 writes `.chainId` into the folder of a network, version 2 (rocketh) `.chain`. A script may write there too, so a change alone does not prove that anything was sent. */
export const hardhatDeploy: Preset = {
  name: 'hardhat-deploy',
  title: 'hardhat-deploy, version 1 and 2 (rocketh)',
  foundBy: {
    paths: ['deployments/*/.chainId', 'deployments/*/.chain', 'rocketh.{js,ts}'],
    packages: ['hardhat-deploy', 'rocketh', '@rocketh/node', '@matterlabs/hardhat-zksync-deploy'],
  },
  configs: ['rocketh.*'],
  places: [
    {
      category: 'legacy-json',
      source: 'deployments',
      path: 'deployments',
      what: 'deployment records',
      named: ['**/deployments*/**/*.json', '**/deployments*/**/.{chain,chainId,migrations.json,pendingTransactions}'],
    },
    { category: 'legacy-json', source: 'deployments-zk', path: 'deployments-zk', what: 'deployment records' },
    { category: 'scripts', source: 'deploy', path: 'deploy', what: 'scripts' },
    { category: 'scripts', source: 'rocketh', path: 'rocketh', what: 'scripts' },
  ],
};
