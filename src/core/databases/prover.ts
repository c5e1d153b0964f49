/** The first argument with which migbackup starts itself to prove the copy of a database. That process can be ended whatever it computes. */
export const PROVER = '__prover';

/** A separate thread notices that the parent has ended or has read the answer, because the main thread may compute for hours. */
const END_WITH_PARENT = `
  require('node:fs').readSync(0, Buffer.alloc(1));
  process.kill(process.pid, 'SIGKILL');
`;

/** Writes the facts of the copy `file` to standard output as one line of JSON, and waits to be ended. If the proof fails, it ends without a line. */
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
