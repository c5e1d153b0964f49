import fs from 'node:fs';
import path from 'node:path';
import { readRegular } from '../fs/regular-file.ts';
import { errnoOf } from '../model/backup-error.ts';

/** Far more than any config of git, or any address, needs. */
const MAX_CONFIG_BYTES = 1 << 20;
const MAX_LENGTH = 1000;

/**
 * The remote of the git repository around `root`, and the path of `root` in it: `github.com/acme/contracts` or
 * `github.com/acme/contracts//packages/a`. It is `origin`, otherwise the first remote; undefined if there is no remote. All ways to write an address
 * give the same result, without user and password. Git is not run, because every command that looks for backups needs this.
 */
export function gitRemote(root: string): string | undefined {
  try {
    const workTree = workTreeAbove(root);
    if (workTree === undefined) return undefined;
    const address = remoteOf(readRegular(path.join(gitFolder(workTree), 'config'), MAX_CONFIG_BYTES).toString('utf8'));
    const remote = address === undefined ? undefined : normalRemote(address, workTree);
    if (remote === undefined) return undefined;
    const within = path.relative(workTree, root).split(path.sep).join('/');
    return within === '' ? remote : `${remote}//${within}`;
  } catch (error) {
    // If something cannot be read, the project counts as having no remote.
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

function workTreeAbove(root: string): string | undefined {
  for (let folder = root; ; folder = path.dirname(folder)) {
    if (fs.existsSync(path.join(folder, '.git'))) return folder;
    if (path.dirname(folder) === folder) return undefined;
  }
}

/** `.git`, or the folder that a linked work tree or a submodule names there. */
function gitFolder(workTree: string): string {
  const dotGit = path.join(workTree, '.git');
  if (fs.statSync(dotGit).isDirectory()) return dotGit;
  const own = path.resolve(workTree, pointer(dotGit).replace(/^gitdir:\s*/, ''));
  const common = path.join(own, 'commondir');
  return fs.existsSync(common) ? path.resolve(own, pointer(common)) : own;
}

const pointer = (file: string): string => readRegular(file, MAX_CONFIG_BYTES).toString('utf8').trim();

/** The address of `origin`, otherwise of the first remote. */
function remoteOf(config: string): string | undefined {
  const remotes = new Map<string, string>();
  let section: string | undefined;
  for (const line of config.split('\n')) {
    const heading = /^\s*\[(.*?)\]/.exec(line);
    if (heading !== null) section = /^remote\s+"(.*)"$/.exec(heading[1] ?? '')?.[1];
    const value = /^\s*url\s*=\s*(.*)$/i.exec(line)?.[1]?.trim();
    if (section !== undefined && value !== undefined && !remotes.has(section))
      remotes.set(section, value.replace(/^"(.*)"$/, '$1'));
  }
  return remotes.get('origin') ?? [...remotes.values()][0];
}

/** The host and path of an address, or the path of a folder on this machine. */
function normalRemote(address: string, workTree: string): string | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/]*@)?([^/:]*)(?::\d*)?\/(.*)$/i.exec(address);
  // `git@host:path`; a single letter is a drive of Windows.
  const short = url === null ? /^(?:[^@/]*@)?([^@/:]{2,}):(.*)$/.exec(address) : null;
  const [, host, inner] = url ?? short ?? [];
  const cut = (text: string): string => text.replace(/\/+$/, '').replace(/\.git$/, '');
  const remote =
    host === undefined || host === ''
      ? cut(path.resolve(workTree, inner === undefined ? address : `/${inner}`))
      : `${host.toLowerCase()}/${cut((inner ?? '').replace(/^\/+/, ''))}`;
  return remote.length > MAX_LENGTH || /\p{Cc}/u.test(remote) ? undefined : remote;
}
