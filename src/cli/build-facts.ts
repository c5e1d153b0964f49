import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What is fixed when the program is built. The bundler replaces this module with the facts, so a bundle does not look for them. */
export interface BuildFacts {
  readonly version: string;
  /** The first digits of the commit's hash, with `-dirty` if files differed from that commit; null outside a git checkout. */
  readonly commit: string | null;
  readonly leveldb: string;
}

const root = new URL('../../', import.meta.url);

function readCommit(): string | null {
  // Without this check, git would answer for any repository around this folder.
  if (!existsSync(new URL('.git', root))) return null;
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
    return execFileSync('git', args, { cwd: fileURLToPath(root), encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null;
  }
}

/** classic-level compiles the LevelDB that it carries in `deps/leveldb/leveldb-<version>`. */
function readLevelDbVersion(): string {
  const names = readdirSync(new URL('node_modules/classic-level/deps/leveldb/', root));
  const folder = names.find((name) => /^leveldb-\d/.test(name));
  return folder?.slice('leveldb-'.length) ?? 'unknown';
}

export function readBuildFacts(): BuildFacts {
  const { version }: { version: string } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  return { version, commit: readCommit(), leveldb: readLevelDbVersion() };
}
