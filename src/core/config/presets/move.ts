import type { Preset } from './preset.ts';

export const move: Preset = {
  name: 'move',
  title: 'Move: Sui and Aptos',
  foundBy: { paths: ['Move.toml', 'Published.toml', '.aptos'] },
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
    { category: 'keys', source: 'aptos', path: '.aptos', what: 'accounts of Aptos', named: ['**/.aptos/**'] },
    { category: 'scripts', source: 'scripts', path: 'scripts', what: 'scripts' },
  ],
  secrets: [
    { pattern: '**/.aptos/**', holds: 'private keys of Aptos accounts' },
    { pattern: '**/sui.keystore', holds: 'private keys of Sui' },
  ],
};
