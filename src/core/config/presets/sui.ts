import type { Preset } from './preset.ts';

export const sui: Preset = {
  name: 'sui',
  title: 'Sui Move',
  foundBy: { paths: ['Published.toml', 'Move.toml'] },
  configs: ['Move.toml'],
  places: [
    {
      category: 'registries',
      source: 'files',
      path: '.',
      include: ['Published.toml', 'Move.lock'],
      what: 'addresses of published packages',
      named: ['**/Published.toml'],
    },
  ],
  secrets: [{ pattern: '**/sui.keystore', holds: 'private keys of Sui' }],
};
