import { Command } from '@oclif/core';
import { BackupError } from '../core/model/backup-error.ts';
import { openSession, type Session } from './session.ts';
import { sharedFlags, type SharedFlags } from './shared-flags.ts';

/** Flags that take a path. An empty one comes from a variable of a script that is not set, and would mean the current folder. */
const PATHS = ['root', 'backups', 'config', 'identity', 'log-file', 'output', 'to', 'in-toto'];

function emptyPath(flag: string): BackupError {
  return new BackupError('USAGE', `--${flag} is empty`, { hint: `Give a path, or leave --${flag} out.` });
}

/**
 * What all commands have in common. A command parses, opens a session, calls one operation and finishes the session;
 * `run` returns the exit code. Errors pass through untouched: `run.ts` is the one place that shows them.
 */
export abstract class BaseCommand extends Command {
  static override baseFlags = sharedFlags;

  private session: Session | undefined;

  abstract override run(): Promise<number>;

  protected async open(flags: SharedFlags): Promise<Session> {
    for (const flag of PATHS) if (Reflect.get(flags, flag) === '') throw emptyPath(flag);
    this.session = await openSession(flags, this.config.version);
    return this.session;
  }

  protected override catch(error: Error): Promise<never> {
    this.session?.fail(error);
    return Promise.reject(error);
  }
}
