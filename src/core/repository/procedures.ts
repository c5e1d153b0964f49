import { engineOf } from '../databases/engines.ts';
import { ENGINE_TITLES } from '../model/engine-name.ts';
import { databasesOf } from '../model/stated-databases.ts';
import type { Manifest, ManifestCategory } from '../model/manifest.ts';
import { sayRecords } from '../model/say-records.ts';
import { escapeName } from '../paths/names.ts';
import { shellQuote } from '../model/shell-quote.ts';
import { plural } from '../model/plural.ts';

/**
 * RESTORE_PROCEDURES.md for one backup: how to restore it with migbackup, and by hand with tar, zstd and sha256sum. Every `sh` block
 * runs as it is; BACKUP and TARGET may be set before. The text depends on the manifest alone, so the same backup gives the same text.
 */
export function renderProcedures(manifest: Manifest): string {
  const id = manifest.backupId;
  const archived = Object.entries(manifest.categories).filter(([, category]) => category.archive !== undefined);
  const first = archived[0]?.[0] ?? 'configs';
  return [
    `# Restore procedures: ${id}`,
    '',
    `Taken ${manifest.createdAt} by ${manifest.tool.name} ${manifest.tool.version}` +
      (manifest.project.git ? `, git commit ${escapeName(manifest.project.git.commit)}` : '') +
      `: ${plural(manifest.totals.files, 'file')}, ${plural(manifest.totals.bytes, 'byte')}.`,
    '',
    '| category | archive | files | what it holds |',
    '|---|---|---:|---|',
    ...archived.map(([name, category]) => categoryRow(name, category)),
    '',
    '## With migbackup',
    '',
    'Run these in the project. Each restore verifies the backup first, swaps atomically, checks afterwards, and can be taken back.',
    '',
    '```sh',
    `migbackup verify ${id}`,
    `migbackup restore ${id} --dry-run`,
    '```',
    '',
    'Then one of these:',
    '',
    '```text',
    `migbackup restore ${id}                       everything`,
    `migbackup restore ${id} --only ${first}        one category`,
    `migbackup restore ${id} --only path/to/file   one file, folder or glob`,
    `migbackup restore ${id} --to /new/folder      into a new folder, the project stays as it is`,
    'migbackup undo                                takes the last restore back',
    '```',
    '',
    'A restore in place keeps what it replaced in a safety backup, which `migbackup list` shows.',
    '',
    '## Without migbackup',
    '',
    'This needs a POSIX shell, tar' +
      (manifest.config.compression === 'zstd' ? ', zstd' : '') +
      ' and sha256sum. Run the blocks in one shell, in this folder.',
    'They unpack into a new folder and do not touch the project.',
    '',
    '1. Name the backup and the target folder, and check that the backup is whole:',
    '',
    '```sh',
    'BACKUP="${BACKUP:-$PWD}"',
    `TARGET="\${TARGET:-$HOME/restored-${id}}"`,
    '(cd "$BACKUP" && sha256sum --check --quiet checksums/ARTIFACTS.sha256) || exit 1',
    '```',
    '',
    '2. Unpack it (leave out the lines of categories that you do not want):',
    '',
    '```sh',
    'mkdir -p "$TARGET"',
    ...archived.map(([, category]) => unpackLine(category)),
    '```',
    '',
    '3. Check every file that was unpacked:',
    '',
    '```sh',
    '(cd "$TARGET" && sha256sum --check --quiet --ignore-missing "$BACKUP/checksums/SHA256SUMS") || exit 1',
    '```',
    '',
    '4. Stop whatever uses the project, then move what you need from the new folder into place.',
    '   Replace a database as a whole: a folder with all its files, a file with its -wal and -journal. Move the old one away first.',
    '   Copying one database over another corrupts both, and an old -wal or -journal beside a restored file changes it when it is opened.',
    '',
    ...ENCRYPTED,
    '## What to check afterwards',
    '',
    '- `sha256sum --check` of step 3 printed nothing and ended with exit code 0.',
    '- The databases open, and hold as many records as this table says:',
    '',
    ...databaseTable(manifest),
    '- If package.json or a lock file was restored, install the dependencies again.',
    '- The files are back, but a chain does not go back. Compare the deployment records with what is deployed.',
    '- By hand, times are restored in whole seconds; `migbackup restore` brings them back exactly.',
    '',
  ].join('\n');
}

/** Whoever reads this has opened the copy that it is in; what it says is for the next one. */
const ENCRYPTED = [
  '## Encrypted copies and exports',
  '',
  'They have the files of this folder under other names: `0.age` is checksums/ARTIFACTS.sha256, and `1.age`, `2.age` … are the files of its lines,',
  'in their order. `KEYS.age` is the key of all, encrypted for those who may read them. With age (age-encryption.org), and without `-i me` for a passphrase:',
  '',
  '```text',
  'age -d -i me KEYS.age > key                               me: an age identity or an SSH private key',
  'age -d -i key 0.age                                       the list: its third line names 3.age',
  'age -d -i key 3.age > ARCHIVE                             one file, for the blocks above',
  'age -d -i key 3.age | zstd -d | tar -xpf - -C TARGET      an archive that is compressed, at once',
  '```',
  '',
  'Remove `key` afterwards. OPEN.md in an encrypted export does all of that.',
  '',
];

function categoryRow(name: string, category: ManifestCategory): string {
  const sources = category.sources.filter((source) => source.files > 0).map((source) => markdownCode(source.path));
  return `| ${name} | ${category.archive?.file ?? ''} | ${category.files} | ${[...new Set(sources)].join(', ')} |`;
}

function markdownCode(text: string): string {
  return (
    '`' +
    escapeName(text)
      .replaceAll('`', String.raw`\x60`)
      .replaceAll('|', String.raw`\|`) +
    '`'
  );
}

function unpackLine(category: ManifestCategory): string {
  const archive = category.archive;
  if (archive === undefined) return '';
  const file = `"$BACKUP"/${shellQuote(archive.file)}`;
  return archive.compression === 'zstd'
    ? `zstd -dc ${file} | tar -xpf - -C "$TARGET"`
    : `tar -xpf ${file} -C "$TARGET"`;
}

function databaseTable(manifest: Manifest): string[] {
  const databases = databasesOf(manifest);
  if (databases.length === 0) return ['  (this backup holds no database)', ''];
  const lines = databases.flatMap(({ engine, path }) => engineOf(engine).byHand(`"$TARGET"/${shellQuote(path)}`) ?? []);
  return [
    '| database | engine | records | digest |',
    '|---|---|---:|---|',
    ...databases.map(
      ({ path, engine, records, digest }) =>
        `| ${markdownCode(path)} | ${ENGINE_TITLES[engine]} | ${records ?? sayRecords({ engine, records })} | ${digest ?? ''} |`,
    ),
    '',
    ...(lines.length === 0
      ? []
      : [
          'To check them by hand, before anything else opens them (each line prints `ok`, then the digest of the table):',
          '',
          '```text',
          ...lines,
          '```',
          '',
        ]),
  ];
}
