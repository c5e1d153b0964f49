/** The first argument with which a single binary starts itself to try a lock, since it has no `node -e`. */
export const LOCK_PROBE = '__lock-probe';
/** The first argument for the process that holds locks while a project is changed (lock-keeper.ts). */
export const LOCK_KEEPER = '__lock-keeper';

/** Opens the empty scratch database in `folder`, whose LOCK is a link to the real one. Answers `free`, `held` or `unknown: why`. */
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
