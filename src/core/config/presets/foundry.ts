import type { Preset } from './preset.ts';

export const foundry: Preset = {
  name: 'foundry',
  title: 'Foundry',
  foundBy: { paths: ['foundry.toml'] },
  configs: ['foundry.toml', 'foundry.lock', 'remappings.txt'],
  places: [
    {
      category: 'foundry',
      source: 'broadcast',
      path: 'broadcast',
      movedBy: { files: ['foundry.toml'], key: 'broadcast' },
      external: true,
      what: 'Foundry broadcasts',
      named: ['**/broadcast/**/*.json'],
    },
    {
      category: 'foundry',
      source: 'cache',
      path: 'cache',
      include: ['*.s.sol/**'],
      external: true,
      what: 'the sensitive part of Foundry broadcasts',
    },
    {
      category: 'foundry',
      source: 'cache-forge',
      path: 'cache_forge',
      include: ['*.s.sol/**'],
      external: true,
      what: 'the sensitive part of Foundry broadcasts',
    },
    {
      category: 'scripts',
      source: 'script',
      path: 'script',
      movedBy: { files: ['foundry.toml'], key: 'script' },
      what: 'scripts',
    },
  ],
  secrets: [{ pattern: '**/*cache*/*.s.sol/**', holds: 'RPC URLs with their keys, as forge script logs them' }],
  rebuilt: [
    { folder: 'out', by: 'forge build' },
    { folder: 'cache', by: 'forge build' },
    { folder: 'cache_forge', by: 'forge build' },
    { folder: 'lib', by: 'forge install' },
  ],
};
