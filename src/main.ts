import { capMemory } from './cli/cap-memory.ts';
import { loaders } from './commands/index.ts';
import { main } from './cli/run.ts';
import { LOCK_PROBE, probeLock } from './core/sources/leveldb/lock-probe.ts';

const [first, second = ''] = process.argv.slice(2);
// Nothing is awaited at the top level: a CommonJS bundle and require() of an ES module cannot wait. Neither promise rejects.
if (first === LOCK_PROBE) {
  void probeLock(second).then((answer) => process.stdout.write(`${answer}\n`));
} else {
  capMemory();
  void main(process.argv.slice(2), loaders);
}
