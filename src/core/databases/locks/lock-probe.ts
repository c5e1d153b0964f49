/** First argument by which a single binary asks itself, as another process, to try a lock: there is no `node -e` in it. */
export const LOCK_PROBE = '__lock-probe';
/** The same for the process that holds locks while a project is changed (lock-keeper.ts). */
export const LOCK_KEEPER = '__lock-keeper';

/** Opens the (empty, scratch) database in `folder`, whose LOCK links to the real one. Answers `free`, `held` or `unknown: why`. */
export async function probeLock(folder: string): Promise<string> {
  try {
    const { ClassicLevel } = await import('classic-level');
    const database = new ClassicLevel(folder);
    await database.open();
    await database.close();
    return 'free';
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') return 'held';
    return `unknown: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}
