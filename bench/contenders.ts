/** Who does the same work, and how it is asked to. Everything is a shell command that runs in the project, with `$OUT` its own folder. */
import path from 'node:path';

export type Task = 'create' | 'verify' | 'restore';

export interface Contender {
  readonly name: string;
  /** Succeeds where the tool is installed; prints its version. */
  readonly probe: string;
  /** The folder in `$OUT` that holds the backup and nothing else. */
  readonly repository: string;
  /** Before each create, outside of the clock. */
  readonly prepare: string;
  readonly create: string;
  /** Reads every stored byte and compares; null where the tool has no such thing. */
  readonly verify: string | null;
  /** Into `$OUT/restored`, durably: what does not sync by itself is followed by `sync -f`. */
  readonly restore: string;
  /** Prints how many files the backup holds, each with its checksum. */
  readonly count: string;
}

const run = `"${process.execPath}" "${path.join(import.meta.dirname, '..', 'bin', 'run.js')}"`;
const SYNC = 'sync -f "$OUT/restored"';

export function contenders(folders: readonly string[]): Contender[] {
  const what = folders.join(' ');
  const migbackup = process.env['MIGBACKUP_BIN'] ?? run;
  const repository = '--quiet --backups "$OUT/repository"';
  return [
    {
      name: 'migbackup',
      probe: `${migbackup} --version`,
      repository: 'repository',
      prepare: 'rm -rf "$OUT/repository"',
      create: `${migbackup} create --no-verify ${repository}`,
      verify: `${migbackup} verify ${repository}`,
      restore: `${migbackup} restore --yes --to "$OUT/restored" ${repository}`,
      count: `sed -n 's/^    "files": //p' "$OUT"/repository/*/BACKUP_MANIFEST.json | tr -d , | tail -1`,
    },
    {
      name: 'tar, zstd -1, sha256sum',
      probe: 'tar --version | head -1 && zstd --version && sha256sum --version | head -1',
      repository: '.',
      prepare: 'rm -f "$OUT"/a.tar.zst "$OUT"/sums',
      create: `tar -cf - ${what} | zstd -1 -T0 -q -o "$OUT/a.tar.zst" && find ${what} -type f -print0 | xargs -0 sha256sum > "$OUT/sums"`,
      verify: null,
      restore: `mkdir "$OUT/restored" && zstd -dcq "$OUT/a.tar.zst" | tar -xf - -C "$OUT/restored" && (cd "$OUT/restored" && sha256sum --quiet -c "$OUT/sums") && ${SYNC}`,
      count: 'wc -l < "$OUT/sums"',
    },
    {
      name: 'restic',
      probe: 'restic version',
      repository: 'repo',
      prepare: 'rm -rf "$OUT/repo" "$OUT/cache" && restic init -q -r "$OUT/repo"',
      create: `restic backup -q -r "$OUT/repo" ${what}`,
      verify: 'restic check -q --read-data -r "$OUT/repo"',
      restore: `restic restore latest -q -r "$OUT/repo" --target "$OUT/restored" && ${SYNC}`,
      count: `restic ls latest -q --json -r "$OUT/repo" | grep -c '"type":"file"'`,
    },
    {
      name: 'borg, no encryption, lz4',
      probe: 'borg --version',
      repository: 'repo',
      prepare: 'rm -rf "$OUT/repo" "$OUT/cache" && borg init -e none "$OUT/repo"',
      create: `borg create -C lz4 "$OUT/repo::a" ${what}`,
      verify: 'borg check --verify-data "$OUT/repo"',
      restore: `mkdir "$OUT/restored" && cd "$OUT/restored" && borg extract "$OUT/repo::a" && ${SYNC}`,
      count: 'borg list --format "{type}{NL}" "$OUT/repo::a" | grep -c -- "^-"',
    },
  ];
}

/** No tool sees anybody's own settings or caches. */
export function environment(out: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: out,
    OUT: out,
    RESTIC_PASSWORD: 'bench',
    RESTIC_CACHE_DIR: path.join(out, 'cache'),
    BORG_BASE_DIR: path.join(out, 'cache'),
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
  };
}
