import { loadCompletionCommand } from '../cli/completion-commands.ts';
import type { Loaders } from '../cli/embedded-plugin.ts';

/** Every command and how to load it: only the one that runs is read. */
export const loaders: Loaders = {
  autocomplete: () => loadCompletionCommand('index'),
  'autocomplete:create': () => loadCompletionCommand('create'),
  'autocomplete:script': () => loadCompletionCommand('script'),
  create: async () => (await import('./create.ts')).default,
  'db:diff': async () => (await import('./db/diff.ts')).default,
  'db:digest': async () => (await import('./db/digest.ts')).default,
  'db:get': async () => (await import('./db/get.ts')).default,
  'db:ls': async () => (await import('./db/ls.ts')).default,
  diff: async () => (await import('./diff.ts')).default,
  export: async () => (await import('./export.ts')).default,
  guard: async () => (await import('./guard.ts')).default,
  help: async () => (await import('./help.ts')).default,
  init: async () => (await import('./init.ts')).default,
  list: async () => (await import('./list.ts')).default,
  'preset:list': async () => (await import('./preset/list.ts')).default,
  'preset:show': async () => (await import('./preset/show.ts')).default,
  prune: async () => (await import('./prune.ts')).default,
  reconcile: async () => (await import('./reconcile.ts')).default,
  recover: async () => (await import('./recover.ts')).default,
  report: async () => (await import('./report.ts')).default,
  restore: async () => (await import('./restore.ts')).default,
  show: async () => (await import('./show.ts')).default,
  status: async () => (await import('./status.ts')).default,
  undo: async () => (await import('./undo.ts')).default,
  validate: async () => (await import('./validate.ts')).default,
  verify: async () => (await import('./verify.ts')).default,
};
