import type { Preset } from './preset.ts';

export const starknet: Preset = {
  name: 'starknet',
  title: 'Starknet: Scarb and Starknet Foundry',
  foundBy: { paths: ['Scarb.toml', 'snfoundry.toml'] },
  configs: ['Scarb.toml', 'Scarb.lock', 'snfoundry.toml'],
  places: [
    { category: 'legacy-json', source: 'deployments', path: 'deployments', what: 'deployment records' },
    {
      category: 'registries',
      source: 'sncast',
      path: '.',
      include: ['*_alpha-*_state.json'],
      external: true,
      what: 'what sncast scripts have sent',
    },
  ],
  secrets: [
    { pattern: '**/starknet_open_zeppelin_accounts.json', holds: 'private keys of Starknet accounts' },
    { pattern: '**/.starknet_accounts/**', holds: 'private keys of Starknet accounts' },
  ],
};
