import { expect } from 'vitest';
import type { Safeguard } from '../../../src/core/databases/sqlite/capture/capture.ts';
import { IN_SUITE } from '../../support/effort.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { stress, summary, type StressOptions, type StressResult } from './stress.ts';

export const TIMEOUT = IN_SUITE ? 1_800_000 : 60_000;

/** Every capture has to be exact. */
export async function allExact(title: string, options: StressOptions): Promise<StressResult> {
  const result = await taken(title, options);
  expect(result).toMatchObject({ exact: options.captures, wrong: [], refused: [] });
  return result;
}

/** Without a safeguard some capture has to be wrong: else nothing shows that it is needed, nor that anybody would notice. */
export async function someWrong(safeguard: Safeguard, options: StressOptions): Promise<void> {
  const { wrong } = await taken(`without ${safeguard}`, { ...options, sabotage: [safeguard] });
  expect(wrong.length).toBeGreaterThan(0);
}

async function taken(title: string, options: StressOptions): Promise<StressResult> {
  using folder = tempFolder();
  const result = await stress(folder.path, options);
  if (IN_SUITE) process.stderr.write(summary(title, result));
  return result;
}
