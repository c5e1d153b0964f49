/** First argument by which migbackup has another process of itself prove the copy of a database: that can be ended whatever it computes. */
export const PROVER = '__prover';

/** A thread of its own notices that the parent is gone or has read the answer: this one may compute for hours. */
const END_WITH_PARENT = `
  require('node:fs').readSync(0, Buffer.alloc(1));
  process.kill(process.pid, 'SIGKILL');
`;

/** Writes what is found of the copy `file` to standard output as one line of JSON, and waits to be ended. It ends without one where that fails. */
export async function runProver(file: string): Promise<void> {
  try {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    new Worker(END_WITH_PARENT, { eval: true }).on('error', () => process.kill(process.pid, 'SIGKILL'));
    const { factsOfCopy } = await import('./sqlite/proof/facts.ts');
    process.stdout.write(`${JSON.stringify(await factsOfCopy(file))}\n`);
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}
