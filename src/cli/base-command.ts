import { Command } from '@oclif/core';
import { openSession, type Session } from './session.ts';
import { sharedFlags, type SharedFlags } from './shared-flags.ts';

/**
 * What all commands have in common. A command parses, opens a session, calls one operation and finishes the session;
 * `run` answers the exit code. Errors pass through untouched: `run.ts` is the one place that shows them.
 */
export abstract class BaseCommand extends Command {
  static override baseFlags = sharedFlags;

  abstract override run(): Promise<number>;

  protected open(flags: SharedFlags): Promise<Session> {
    return openSession(flags, this.config.version);
  }

  protected override catch(error: Error): Promise<never> {
    return Promise.reject(error);
  }
}
