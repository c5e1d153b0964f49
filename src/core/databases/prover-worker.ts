import { runProver } from './prover.ts';

// The one argument of a `node -e` that was given this module.
void runProver(process.argv.at(-1) ?? '');
