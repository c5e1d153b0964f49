/** All command classes at once, for oclif's own manifest maker (the program itself loads only the one that runs). */
import { loaders } from '../src/commands/index.ts';

const classes = await Promise.all(Object.entries(loaders).map(async ([id, load]) => [id, await load()] as const));
export const COMMANDS = Object.fromEntries(classes);
