import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from '@oclif/core';

/**
 * A command of oclif's plugin for shell completions. The plugin does not export them, because oclif finds them as files.
 * A bundle has no files, so the bundler replaces this module with one that names them.
 */
export async function loadCompletionCommand(name: 'index' | 'create' | 'script'): Promise<Command.Class> {
  const entry = createRequire(import.meta.url).resolve('@oclif/plugin-autocomplete');
  const file = path.join(path.dirname(entry), 'commands/autocomplete', `${name}.js`);
  const { default: command } = await import(pathToFileURL(file).href);
  return command;
}
