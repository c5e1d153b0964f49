import type { Preset } from './preset.ts';

/** What people and their own scripts keep: lists of addresses, and the outputs of deployment tasks. */
export const registries: Preset = {
  name: 'registries',
  title: 'deployment registries kept by hand or by own scripts',
  foundBy: {
    paths: ['publish/deployed', 'tasks/*/output'],
    names: [
      'deployed*.json',
      'deployment*.json',
      'addresses*.json',
      'networks.json',
      'registry.json',
      'addresses',
      'deployments',
    ],
  },
  places: [
    {
      category: 'registries',
      source: 'files',
      path: '.',
      include: ['deployed*.json', 'deployment*.json', 'addresses*.json', 'networks.json', 'registry.json'],
      what: 'deployment records',
      named: ['**/{deployed,deployment,addresses}*.json', '**/{networks,registry,contracts}.json'],
    },
    {
      category: 'registries',
      source: 'addresses',
      path: 'addresses',
      what: 'lists of addresses',
      named: ['**/addresses/**/*.json'],
    },
    { category: 'legacy-json', source: 'deployments', path: 'deployments', what: 'deployment records' },
    {
      category: 'registries',
      source: 'publish',
      path: 'publish/deployed',
      what: 'deployment records',
      named: ['**/publish/deployed/**/*.json'],
    },
    {
      category: 'registries',
      source: 'tasks',
      path: 'tasks',
      include: ['*/{output,artifact,build-info}/**', '*/input.*'],
      what: 'inputs and outputs of deployment tasks',
      named: ['**/tasks/*/output/*.json'],
    },
  ],
};
