import { prepareOclif } from './cli/prepare-oclif.ts';
import { printVersion } from './cli/print-version.ts';
import { loaders } from './commands/index.ts';
import { PROVER, runProver } from './core/databases/prover.ts';
import { keepOwnersRights } from './core/fs/umask.ts';
import { LOCK_KEEPER, LOCK_PROBE, probeLock } from './core/databases/locks/lock-probe.ts';

const argv = process.argv.slice(2);
const [first, second = ''] = argv;
// Nothing is awaited at the top level: a CommonJS bundle and require() of an ES module cannot wait. No promise here rejects.
if (first === LOCK_PROBE) {
  void probeLock(second).then((answer) => process.stdout.write(`${answer}\n`));
} else if (first === LOCK_KEEPER) {
  void import('./core/databases/locks/lock-keeper.ts').then(({ runKeeper }) => runKeeper());
} else if (first === PROVER) {
  void runProver(second);
} else if (first === '--version') {
  printVersion(argv);
} else {
  keepOwnersRights();
  prepareOclif();
  void import('./cli/run.ts').then(({ main }) => main(argv, loaders));
}
