/** Every right of the owner. */
const OWNER = 0o700;

let given: number | undefined;

/**
 * A umask that takes rights from the owner himself (777) would make folders that he cannot enter: a backup that he cannot read, a restore that fails in the
 * middle. What this process and its children make keeps the owner's rights; those of others go by the umask. Once, in the main thread.
 */
export function keepOwnersRights(): void {
  const umask = process.umask();
  if ((umask & OWNER) === 0) return;
  given = umask;
  process.umask(umask & ~OWNER);
}

/** Starts somebody else's program with the umask that this one was given. */
export function withGivenUmask<T>(start: () => T): T {
  if (given === undefined) return start();
  const ours = process.umask(given);
  try {
    return start();
  } finally {
    process.umask(ours);
  }
}
