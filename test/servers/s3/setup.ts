/** Starts the gateway before the first test of `npm run test:remotes` and ends it after the last. */
import type { TestProject } from 'vitest/node';
import { startGateway } from './gateway.ts';
import { bringPrograms, CannotRun } from './programs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the gateway answers, or why there is none. */
    readonly s3: { readonly endpoint: string } | { readonly reason: string };
    /** A folder that has age, or null. */
    readonly age: string | null;
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const say = (line: string): void => void process.stderr.write(`S3 server: ${line}\n`);
  try {
    const programs = bringPrograms(say);
    project.provide('age', programs.age);
    const gateway = await startGateway(programs);
    project.provide('s3', { endpoint: gateway.endpoint });
    return async () => {
      await gateway[Symbol.asyncDispose]();
    };
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    say(`the tests with S3 are skipped: ${error.message}`);
    project.provide('s3', { reason: error.message });
    project.provide('age', null);
    return undefined;
  }
}
