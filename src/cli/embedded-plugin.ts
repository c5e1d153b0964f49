import type { Command, Interfaces } from '@oclif/core';
import type { PackageFiles } from './package-files.ts';

export type Loader = () => Promise<Command.Class>;
export type Loaders = Readonly<Record<string, Loader>>;

/** What the help says about a word that begins several commands. Without this it would describe only the first of them. */
const TOPICS = [
  { name: 'db', description: 'List, read, compare and count what databases hold' },
  { name: 'key', description: 'Make keys for encrypted copies, and prove that they open them' },
  { name: 'preset', description: 'Show what is known of frameworks, and which of them the project uses' },
];

/**
 * The root "plugin" that oclif would otherwise discover on disk, made from the manifest and one lazy loader for each command.
 * With it oclif opens no file, so a checkout, a bundle and a single binary start the same way.
 */
export function embeddedPlugin(
  { packageJson, manifest }: PackageFiles,
  loaders: Loaders,
  root: string,
): Interfaces.Plugin {
  const { name, version } = packageJson;

  async function load(id: string): Promise<Command.Class> {
    const loader = loaders[id];
    if (!loader) throw new Error(`command ${id} is in the manifest but has no loader`);
    const command = await loader();
    command.id = id;
    command.plugin = plugin;
    // oclif would read a missing argument from standard input, but a shell may be reading its script from there.
    for (const argument of Object.values(command.args)) argument.ignoreStdin = true;
    return command;
  }

  const commands = Object.entries(manifest.commands).map(([id, cached]) => ({
    ...cached,
    pluginName: name,
    pluginAlias: name,
    pluginType: 'core',
    load: () => load(id),
  }));

  const plugin: Interfaces.Plugin = {
    _base: '@oclif/core@embedded',
    alias: name,
    commandIDs: Object.keys(manifest.commands),
    // Not by localeCompare: making its collator takes 10 ms, a third of what Node needs to start.
    commands: commands.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    commandsDir: undefined,
    findCommand: load,
    hasManifest: true,
    hooks: {},
    isRoot: true,
    load: async () => {},
    moduleType: 'module',
    name,
    options: { root, pjson: packageJson, isRoot: true },
    pjson: packageJson,
    root,
    topics: TOPICS,
    type: 'core',
    valid: true,
    version,
  };
  return plugin;
}
