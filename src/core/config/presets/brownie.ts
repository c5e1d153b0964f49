import type { Preset } from './preset.ts';

export const brownie: Preset = {
  name: 'brownie',
  title: 'Brownie',
  foundBy: { paths: ['brownie-config.{yaml,yml,json}', 'build/deployments/map.json'] },
  configs: ['brownie-config.{yaml,yml,json}'],
  places: [
    {
      category: 'registries',
      source: 'brownie',
      path: 'build/deployments',
      external: true,
      what: 'Brownie deployments',
      named: ['**/build/deployments/**/*.json'],
    },
    {
      category: 'registries',
      source: 'brownie-map',
      path: 'build',
      include: ['deployments.json'],
      external: true,
      what: 'Brownie deployments',
      named: ['**/build/deployments.json'],
    },
  ],
};
