import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { withRecommendations } from '../../src/core/model/with-recommendations.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const finding = (recommendation?: string) => ({ code: 'x', severity: 'info' as const, message: 'x', recommendation });

test('each advice of the findings stands once in the document', () => {
  const findings = [finding('Do this.'), finding(), finding('Do that.'), finding('Do this.')];
  expect(withRecommendations({ findings })).toEqual({ findings, recommendations: ['Do this.', 'Do that.'] });
});

test('a report with its own list, or without findings, stays as it is', () => {
  const own = { findings: [finding('Do this.')], recommendations: ['Do that.'] };
  expect(withRecommendations(own)).toBe(own);
  const without = { operation: 'status' };
  expect(withRecommendations(without)).toBe(without);
});

test('create and show say what to do about a file that is not JSON', async () => {
  using folder = tempFolder();
  mkdirSync(path.join(folder.path, 'deployments'));
  writeFileSync(path.join(folder.path, 'deployments/a.json'), '{ "address": ');
  for (const args of [
    ['create', '--json'],
    ['show', '--latest', '--json'],
  ]) {
    const { stdout } = await runCli(args, { cwd: folder.path });
    expect(JSON.parse(stdout)).toMatchObject({
      findings: expect.arrayContaining([expect.objectContaining({ code: 'invalid-json' })]),
      recommendations: expect.arrayContaining(['It is stored as it is. Correct it before something depends on it.']),
    });
  }
});
