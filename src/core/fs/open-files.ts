import fs from 'node:fs';

export type FileIdentity = Pick<fs.BigIntStats, 'dev' | 'ino'>;

function keyOf({ dev, ino }: FileIdentity): string {
  return `${dev}:${ino}`;
}

/** Which regular files other processes have open, as far as this user may see. */
export class OpenFiles {
  /** For each user, the number of processes that could not be looked into. */
  readonly unseen: ReadonlyMap<number, number>;
  /** Whether processes of other users are not even listed (`hidepid`). */
  readonly hidden: boolean;
  readonly #holders: ReadonlyMap<string, ReadonlySet<number>>;

  constructor(holders: ReadonlyMap<string, ReadonlySet<number>>, unseen: ReadonlyMap<number, number>, hidden: boolean) {
    this.#holders = holders;
    this.unseen = unseen;
    this.hidden = hidden;
  }

  /** The processes that have the file open, under any name. */
  holders(file: FileIdentity): number[] {
    return [...(this.#holders.get(keyOf(file)) ?? [])];
  }
}

/** Looks through the descriptors of all other processes (Linux); null on systems that do not tell. */
export function findOpenFiles(): OpenFiles | null {
  if (process.platform !== 'linux') return null;
  let names: string[];
  try {
    names = fs.readdirSync('/proc');
  } catch {
    return null;
  }
  const holders = new Map<string, Set<number>>();
  const unseen = new Map<number, number>();
  const ids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  if (ids.length === 0) return null;
  for (const id of ids) {
    if (id === process.pid || lookInto(id, holders)) continue;
    const user = fs.statSync(`/proc/${id}`, { throwIfNoEntry: false })?.uid;
    if (user !== undefined) unseen.set(user, (unseen.get(user) ?? 0) + 1);
  }
  // Every PID namespace has a process 1, so it is hidden if it is not listed.
  return new OpenFiles(holders, unseen, !ids.includes(1));
}

/** How long a result is reused, since a project with fifty databases asks about one after another. */
const MOMENT_MS = 500;
let recent: { readonly at: number; readonly found: OpenFiles | null } | null = null;

/** The same, with a result that is at most half a second old. */
export function recentOpenFiles(): OpenFiles | null {
  if (recent === null || performance.now() - recent.at > MOMENT_MS) {
    recent = { at: performance.now(), found: findOpenFiles() };
  }
  return recent.found;
}

/** False if this user may not see what the process has open. A process that has ended has nothing open. */
function lookInto(id: number, holders: Map<string, Set<number>>): boolean {
  const folder = `/proc/${id}/fd`;
  try {
    for (const name of fs.readdirSync(folder)) {
      const file = fs.statSync(`${folder}/${name}`, { bigint: true, throwIfNoEntry: false });
      if (file?.isFile() !== true) continue;
      const key = keyOf(file);
      const known = holders.get(key);
      if (known === undefined) holders.set(key, new Set([id]));
      else known.add(id);
    }
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ESRCH';
  }
}

/** Access modes of open(2), in the octal flags of `/proc/PID/fdinfo/N`. */
const ACCESS = 0o3;

/** Whether a process has a descriptor with which it may write to a file (Linux). True if that cannot be found out. */
export function mayWrite(pid: number, { dev, ino }: FileIdentity): boolean {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).some((name) => {
      const open = fs.statSync(`/proc/${pid}/fd/${name}`, { bigint: true, throwIfNoEntry: false });
      if (open?.ino !== ino || open.dev !== dev) return false;
      const info = fs.readFileSync(`/proc/${pid}/fdinfo/${name}`, 'latin1');
      return (Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '2', 8) & ACCESS) !== 0;
    });
  } catch (error) {
    // The process has ended meanwhile.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code !== 'ENOENT' && code !== 'ESRCH';
  }
}
