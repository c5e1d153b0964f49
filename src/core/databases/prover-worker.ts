import { runProver } from './prover.ts';

// The only argument of the `node -e` that runs this module.
void runProver(process.argv.at(-1) ?? '');
