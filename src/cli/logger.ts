import type { Logger } from 'pino';
import type { SharedFlags } from './shared-flags.ts';

/** A pino logger, or undefined unless a log was asked for. Synchronous: the last lines before a crash are the ones that matter. */
export async function openLogger(flags: SharedFlags): Promise<Logger | undefined> {
  const level = flags['log-level'];
  const file = flags['log-file'];
  if (level === undefined && file === undefined) return undefined;
  const { pino } = await import('pino');
  const destination = pino.destination({ dest: file ?? 2, sync: true });
  return pino({ name: 'migbackup', level: level ?? 'info' }, destination);
}
