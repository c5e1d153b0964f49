import { expect, test } from 'vitest';
import { nextSteps } from '../../src/core/change/next-steps.ts';
import type { RestorePlan } from '../../src/core/model/restore-report.ts';

const PLAN: Omit<RestorePlan, 'changes'> = {
  hash: '',
  backupId: '',
  target: '/p',
  nothingToDo: false,
  categories: {},
  untouched: [],
  keptExtras: [],
  findings: [],
  notLookedAt: [],
  needs: { bytes: 0, inodes: 0 },
};

test.each<[string[], string[], string[]]>([
  [['README.md'], [], []],
  [['package.json'], [], ['npm install']],
  [['package.json', 'package-lock.json'], [], ['npm ci']],
  [['packages/a/package.json', 'pnpm-lock.yaml'], [], ['pnpm install']],
  [['yarn.lock'], [], ['yarn install']],
  [[], ['package.json', 'package-lock.json'], []],
])('%j came back and %j went: %j', (back, gone, expected) => {
  const changes = [
    ...back.map((path) => ({ path, action: 'replace' as const, type: 'file' })),
    ...gone.map((path) => ({ path, action: 'remove' as const, type: 'file' })),
  ];
  expect(nextSteps({ plan: { ...PLAN, changes } })).toEqual(expected);
});
