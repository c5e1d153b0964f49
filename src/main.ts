import { capMemory } from './cli/cap-memory.ts';
import { loaders } from './commands/index.ts';
import { main } from './cli/run.ts';

capMemory();
// Not awaited at the top level: a CommonJS bundle and require() of an ES module cannot wait. main() never rejects.
void main(process.argv.slice(2), loaders);
