import { expect } from 'vitest';
import { EXIT, exitCodeOfError } from '../../../src/cli/exit-code.ts';
import { BackupError } from '../../../src/core/model/backup-error.ts';

/** Resolves with the error if it is one of ours, null if there is none; anything else is a bug. */
export async function refusal(work: Promise<unknown>): Promise<BackupError | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    expect(exitCodeOfError(error.code)).not.toBe(EXIT.bug);
    return error;
  }
}
