import type { Preset } from './preset.ts';

/** The factory of Safe keeps what it signed for each chain below `artifacts`, and the modules of Zodiac their master copies. */
export const safe: Preset = {
  name: 'safe',
  title: 'Safe and Zodiac',
  foundBy: {
    paths: ['mastercopies.json', 'artifacts/*/deployment.json', 'src/assets/v*/safe.json'],
    packages: ['@gnosis-guild/zodiac-core', '@gnosis-guild/zodiac', 'zodiac-core'],
  },
  places: [
    {
      category: 'registries',
      source: 'files',
      path: '.',
      include: ['mastercopies.json'],
      what: 'master copies of Zodiac',
      named: ['**/mastercopies.json'],
    },
    {
      category: 'registries',
      source: 'safe-factory',
      path: 'artifacts',
      include: ['*/deployment.json'],
      what: 'signed deployments of the Safe factory',
      named: ['**/artifacts/*/deployment.json'],
    },
    {
      category: 'registries',
      source: 'safe-deployments',
      path: 'src/assets',
      include: ['v*/*.json'],
      what: 'deployments of Safe by version',
    },
  ],
};
