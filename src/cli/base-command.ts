import { Command } from '@oclif/core';
import { openSession, type Session } from './session.ts';
import { sharedFlags, type SharedFlags } from './shared-flags.ts';

/**
 * What all commands have in common. A command parses, opens a session, calls one operation and finishes the session;
 * `run` returns the exit code. Errors pass through untouched: `run.ts` is the one place that shows them.
 */
export abstract class BaseCommand extends Command {
  static override baseFlags = sharedFlags;

  private session: Session | undefined;

  abstract override run(): Promise<number>;

  protected async open(flags: SharedFlags): Promise<Session> {
    this.session = await openSession(flags, this.config.version);
    return this.session;
  }

  protected override catch(error: Error): Promise<never> {
    this.session?.fail(error);
    return Promise.reject(error);
  }
}
