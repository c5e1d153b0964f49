import fs from 'node:fs';
import { checkClock, checkRuntime } from '../../../src/core/checks/preflight/setup.ts';
import { after, type Cases } from './scene.ts';

/** The machine and how the project is set up. Where a machine cannot be made so (an old Node), the check gets what such a machine says. */
export const SETUP: Cases<'runtime' | 'clock' | 'config' | 'npm-scripts' | 'gitignore'> = {
  runtime: [
    {
      when: 'Node is old',
      status: 'critical',
      says: 'too old',
      provoke: () => [checkRuntime({ node: '20.11.1', zstd: true })],
    },
    {
      when: 'Node lacks zstd',
      status: 'critical',
      says: 'no zstd',
      provoke: () => [checkRuntime({ node: '24.1.0', zstd: false })],
    },
  ],
  clock: [
    {
      when: 'a backup is from the future',
      status: 'warning',
      says: 'the clock has gone backwards',
      provoke: after((scene) =>
        fs.renameSync(scene.stored(scene.backupId), scene.stored('migration-2999-01-01T00-00-00-000Z')),
      ),
    },
    {
      when: 'it is long ago',
      status: 'warning',
      says: 'before this program was written',
      provoke: () => [checkClock({ now: new Date(0), backups: [], repositoryAheadMs: 0 })],
    },
    {
      when: 'the repository has another time',
      status: 'warning',
      says: '7200 s ahead',
      provoke: () => [checkClock({ now: new Date(), backups: [], repositoryAheadMs: 7_200_000 })],
    },
  ],
  config: [
    {
      when: 'it names what is not there',
      status: 'info',
      says: '1 of its',
      provoke: after((scene) => scene.configure({ path: 'deploymants' })),
    },
  ],
  'npm-scripts': [
    {
      when: 'one is missing',
      status: 'info',
      says: '1 of 5 npm scripts are missing: backup:restore',
      provoke: after((scene) => scene.edit('package.json', (text) => text.replace(/"backup:restore".*?, ?/, ''))),
    },
    {
      when: 'one only looks like a way back',
      status: 'warning',
      says: 'npm run backup:restore does something else: echo restore',
      provoke: after((scene) =>
        scene.edit('package.json', (text) => text.replace('"migbackup restore"', '"echo restore"')),
      ),
    },
    {
      when: 'package.json is broken',
      status: 'warning',
      says: 'is not a valid JSON object',
      provoke: after((scene) => scene.edit('package.json', () => '{')),
    },
  ],
  gitignore: [
    {
      when: 'it does not name our folder',
      status: 'warning',
      says: /^\.gitignore does not name \/\.migbackup\/$/,
      advises: 'migbackup init adds it, so that no backup ends up in a commit.',
      provoke: after((scene) => scene.edit('.gitignore', () => '')),
    },
    {
      when: 'it does not name our folders',
      status: 'warning',
      says: /^\.gitignore does not name \/backups\/ and \/\.migbackup\/$/,
      advises: 'migbackup init adds them, so that no backup ends up in a commit.',
      provoke: after((scene) => {
        scene.edit('.gitignore', () => '');
        fs.renameSync(scene.repository, scene.inside('backups'));
        scene.repository = scene.inside('backups');
      }),
    },
    {
      when: 'it is a link',
      status: 'warning',
      says: 'is not a regular file',
      provoke: after((scene) => {
        fs.rmSync(scene.inside('.gitignore'));
        fs.symlinkSync('package.json', scene.inside('.gitignore'));
      }),
    },
  ],
};
