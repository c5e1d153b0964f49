import type { Preset } from './preset.ts';

export const aptos: Preset = {
  name: 'aptos',
  title: 'Aptos Move',
  foundBy: { paths: ['.aptos', 'Move.toml'] },
  configs: ['Move.toml'],
  places: [{ category: 'keys', source: 'aptos', path: '.aptos', what: 'accounts of Aptos', named: ['**/.aptos/**'] }],
  secrets: [{ pattern: '**/.aptos/**', holds: 'private keys of Aptos accounts' }],
};
