import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECK_MEANINGS } from '../../src/core/model/check-meanings.ts';
import { CHECK_IDS } from '../../src/core/model/validate-report.ts';
import { validate } from '../../src/core/operations/validate.ts';
import { context } from '../support/real-backup.ts';
import { expectSentence } from '../support/sentence.ts';
import { withReason } from '../support/skipped.ts';
import { DEPLOYMENTS } from './preflight/deployment-cases.ts';
import { INVENTORY } from './preflight/inventory-cases.ts';
import { PROJECT } from './preflight/project-cases.ts';
import { makeScene, type Cases, type Scene } from './preflight/scene.ts';
import { SETUP } from './preflight/setup-cases.ts';
import { REPOSITORY } from './preflight/repository-cases.ts';

/** Every check of validate, by its id: something real is wrong and the check says so; where all is well it is silent. */
const CASES: Cases<(typeof CHECK_IDS)[number]> = { ...SETUP, ...REPOSITORY, ...PROJECT, ...INVENTORY, ...DEPLOYMENTS };

let made: Scene;
beforeAll(async () => {
  made = await makeScene();
});
afterAll(() => made.removeAll());

test('where all is well every check is there and silent, and nothing but the report is written', async () => {
  const { project, root } = made.copy();
  const before = fs.readdirSync(root, { recursive: true }).length;
  const report = await validate(project, {}, context);
  expect(report.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(report).toMatchObject({ status: 'HEALTHY', recommendations: [] });
  expect(report.checks.map(({ id }) => id).toSorted()).toEqual([...CHECK_IDS].toSorted());
  for (const { id, group } of report.checks) expect(group, id).toBe(CHECK_MEANINGS[id].group);
  expect(report.inventory['leveldb']?.databases).toMatchObject([{ path: 'leveldb', records: 1, held: 'no' }]);
  expect(fs.existsSync(report.reportFile ?? '')).toBe(true);
  expect(fs.readdirSync(root, { recursive: true })).toHaveLength(before);
});

test('what each check looks for is one sentence', () => {
  for (const { ok } of Object.values(CHECK_MEANINGS)) expectSentence(ok);
});

describe.each(CHECK_IDS)('%s', (id) => {
  for (const { when, status, says, advises, provoke, createFails, whyNot = null } of CASES[id]) {
    test.skipIf(whyNot !== null)(withReason(`${when}: ${status}`, whyNot), async () => {
      await using scene = made.copy();
      const found = (await provoke(scene)).filter((check) => check.id === id);
      const message = typeof says === 'string' ? expect.stringContaining(says) : expect.stringMatching(says);
      expect(found).toMatchObject([{ id, group: CHECK_MEANINGS[id].group, status, message }]);
      // Everything that is not well says what to do; that there is no backup yet is what the last line is about.
      if (status !== 'info' || id !== 'backups') expect(found[0]?.recommendation).toMatch(/\.$/);
      if (advises !== undefined) expect(found[0]?.recommendation).toBe(advises);
      expect(found[0]?.evidence ?? found[0]?.paths, 'evidence').toBeDefined();
      if (createFails !== undefined) await expect(scene.create()).rejects.toMatchObject({ code: createFails });
    });
  }
});
