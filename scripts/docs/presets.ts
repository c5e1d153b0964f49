import { placesOf } from '../../src/core/config/preset.ts';
import { PRESETS } from '../../src/core/config/presets/all-presets.ts';
import type { Preset, PresetPlace } from '../../src/core/config/presets/preset.ts';
import { code, table } from './markdown.ts';

const HEAD = `# Presets

<!-- npm run docs writes this page from src/core/config/presets -->

A preset says where a framework keeps what cannot be made again. Without a config, and with \`"preset": "default"\`, all of them apply in the project itself: only
what exists is stored. \`migbackup init\` looks for what each is found by in the project, in its workspaces (\`workspaces\` in package.json, pnpm-workspace.yaml, lerna.json, project.json of Nx, \`[workspace]\` in Cargo.toml,
\`[tool.uv.workspace]\` in pyproject.toml), and in other folders down to four levels, and writes where they apply too:

\`\`\`json
{ "preset": "default", "presets": { "foundry": ["packages/contracts"], "project": ["packages/contracts"] } }
\`\`\`

A config with \`presets\` but no \`preset\` covers only what these presets cover where they are named, and its own \`categories\`. In a workspace the names of sources begin with its folder
(\`foundry/packages-contracts-broadcast\`). A config extends presets by sources of its own; one with the name of a preset's source replaces it, and null turns it off.
Where several presets know a place, it is one source, and a file belongs to one source: a file that is named beats a pattern, the innermost path beats an outer one, then the earlier category wins.

- **State** is what is covered. **External** means that a change there proves that transactions were sent to a chain: \`guard\` keeps such records when it takes everything else back.
- **Secret** files hold keys or passwords. They are left out unless \`includeSecrets\` is set, and a finding says either. These patterns count in every project.
- **Rebuilt** folders hold what can be made again. Nothing is looked for there by its name, but a database in them still counts.

Names in *italics* count only in the project and its workspaces; elsewhere they may mean anything. \`migbackup preset list\` shows which presets a project uses, and \`migbackup preset show NAME\` one of them.

## What is looked for in no category, and what is not found

\`validate\`, \`create\` and \`init\` look through the project for state that no category holds: databases by their first bytes (SQLite, LevelDB, RocksDB, Pebble, LMDB, MDBX, PostgreSQL; dumps of
Redis and DuckDB by name and content), files by the names above, and JSON files that record addresses on a chain (\`0x…\` and those of Solana). Each is a finding \`coverage\` with the line that covers it. "Everything that looks like state
is in a category" says no more than that. These are not found, unless a preset or a category has their place:

- registries that are no \`.json\` (YAML, TOML, JSON lines, without a suffix), or whose addresses have another form (Tron, TON, Cosmos);
- JSON in folders of build output (\`build/\`, \`out/\`, \`artifacts/\`, …) and of ABIs that nothing but its content tells from what can be made again;
- state of Terraform, dumps of anvil, databases of other engines in single files;
- what is behind a link: a link that leads out of the project is named, and not followed.

If a project has such state, \`migbackup init --add PATH\` covers it.
`;

/** The page about all presets. */
export function presetsPage(): string {
  return [HEAD, ...PRESETS.map((preset) => section(preset))].join('\n');
}

function section(preset: Preset): string {
  const { name, title, foundBy, secrets = [], rebuilt = [] } = preset;
  const by = [
    ...(foundBy.paths ?? []).map(code),
    ...(foundBy.names ?? []).map((each) => `*${code(each)}*`),
    ...(foundBy.packages ?? []).map((each) => `${code(each)} in package.json`),
  ];
  const places = placesOf(preset).map((place) => [
    code(`${place.category}/${place.source}`),
    where(place),
    place.what,
    place.external === true ? 'external' : '',
  ]);
  return [
    `## ${code(name)}: ${title}\n`,
    `Found by ${by.join(', ')}.\n`,
    `${table(['source', 'where', 'what', ''], places)}\n`,
    ...(secrets.length === 0
      ? []
      : [`Secret: ${secrets.map(({ pattern, holds }) => `${code(pattern)} (${holds})`).join(', ')}.\n`]),
    ...(rebuilt.length === 0
      ? []
      : [`Rebuilt: ${rebuilt.map(({ folder, by: maker }) => `${code(`${folder}/`)} by ${maker}`).join(', ')}.\n`]),
  ].join('\n');
}

function where({ path, include = [], movedBy }: PresetPlace): string {
  const inFolder = include.map((pattern) => (path === '.' ? pattern : `${path}/${pattern}`));
  const usual = (include.length === 0 ? [`${path}/`] : inFolder).map(code).join(', ');
  if (movedBy === undefined) return usual;
  const setting =
    'variable' in movedBy ? code(movedBy.variable) : `${code(movedBy.key)} in ${code(movedBy.files[0] ?? '')}`;
  return `${usual}, or where ${setting} says`;
}
