import { isatty } from 'node:tty';
import { capMemory } from './cap-memory.ts';
import type { Project } from '../core/model/category.ts';
import type { Context, Event } from '../core/model/event.ts';
import { withRecommendations } from '../core/model/with-recommendations.ts';
import { abortOnSignals, type Doing } from './interrupt.ts';
import { openLogger } from './logger.ts';
import { print, printErr, printJson } from './output.ts';
import { inGitHubActions } from './print-annotation.ts';
import { isInteractive, noProgress, terminalProgress } from './progress.ts';
import { paint, type Paint } from './render/style.ts';
import { say } from './say.ts';
import type { SharedFlags } from './shared-flags.ts';
import { describeTool } from './tool.ts';
import { makePasteable, pasteable } from './pasteable.ts';

/** Turns a report into the lines a person reads. */
export type Render<Report> = (report: Report, paint: Paint) => string[];

/** One run of one command: what it hands to an operation and how it shows what comes back. */
export interface Session {
  readonly context: Context;
  readonly flags: SharedFlags;
  /** True when a person is there to answer a question. */
  readonly canAsk: boolean;
  /** With `wayBack` a config that cannot be used is reported and treated as lost. */
  project(how?: { wayBack: true }): Promise<Project>;
  /** Ends a session that failed: the log gets the error with its stack. Showing it is `run.ts`'s job. */
  fail(error: Error): void;
  /** Shows the lines and asks a yes/no question. A signal meanwhile interrupts the command (throws INTERRUPTED), or means no. */
  ask(lines: readonly string[], question: string, onSignal: 'interrupts' | 'means no'): Promise<boolean>;
  /** Shows the report as JSON or as text (on stdout unless the result itself went there) and returns the exit code. */
  finish<Report extends object>(
    report: Report,
    render: Render<Report>,
    exitCode: number,
    stream?: NodeJS.WriteStream,
  ): number;
}

/** Sets the memory limit, opens the log, the progress line and the signal handlers, and nothing of the project yet. */
export async function openSession(flags: SharedFlags, version: string): Promise<Session> {
  capMemory();
  const logger = await openLogger(flags);
  const annotations = inGitHubActions() ? await import('./annotations.ts') : undefined;
  const showProgress = !flags.json && !flags.quiet && isInteractive(process.stderr);
  const progress = showProgress ? terminalProgress(process.stderr) : noProgress;
  let phase: string | undefined;
  let command: Doing['command'] = 'none';
  let asking = false;
  let askedMs = 0;

  function onEvent(event: Event): void {
    if (event.type === 'phase-begin') phase = event.phase;
    if (event.type === 'command-begin' || event.type === 'command-end') {
      command = event.type === 'command-begin' ? 'running' : 'ended';
      progress.clear();
    } else progress.onEvent(event);
    if (event.type === 'note' && !flags.quiet) {
      progress.clear();
      say(event.next === undefined ? event.message : `${event.message}: ${pasteable(event.next)}`);
    }
    logger?.[event.type === 'progress' ? 'trace' : 'debug'](event);
  }

  function doing(): Doing {
    progress.clear();
    return { phase, command, asking };
  }

  const signal = abortOnSignals(doing);
  return {
    flags,
    // Not process.stdin.isTTY: this would open stdin, and a pipe that other processes read too would become non-blocking.
    canAsk: isInteractive({ isTTY: isatty(0) }) && isInteractive(process.stderr) && !flags.json,
    context: {
      tool: describeTool(version),
      signal,
      onEvent,
      askedMs: () => askedMs,
      keys: { identity: flags.identity, passphrase: process.env['MIGBACKUP_PASSPHRASE_FILE'] },
    },
    async project(how) {
      const { resolveProject } = await import('../core/config/project.ts');
      const { root, backups, config } = flags;
      const project = resolveProject({
        cwd: process.cwd(),
        root,
        backups,
        config,
        env: process.env,
        wayBack: how?.wayBack,
      });
      const { problem } = project.config;
      if (problem !== undefined)
        onEvent({ type: 'note', message: `${problem}; it counts as lost, and the preset is used instead` });
      logger?.info(
        { root: project.root, repository: project.repository, config: project.config.file ?? 'preset' },
        'project',
      );
      return project;
    },
    async ask(lines, question, onSignal) {
      const { askYesNo } = await import('./prompt.ts');
      progress.clear();
      for (const line of lines) printErr(line);
      asking = true;
      const began = performance.now();
      try {
        return await askYesNo(question, onSignal === 'interrupts' ? signal : undefined);
      } finally {
        askedMs += performance.now() - began;
        asking = false;
      }
    },
    fail(error) {
      progress.clear();
      logger?.error({ err: error }, 'failed');
    },
    finish(report, render, exitCode, stream = process.stdout) {
      progress.clear();
      logger?.info({ exitCode, report }, 'done');
      annotations?.annotate(report);
      const document = withRecommendations(report);
      makePasteable(document);
      if (flags.json) printJson(document);
      else if (!flags.quiet || exitCode !== 0) {
        const lines = render(document, paint(stream));
        if (lines.length > 0) print(stream, `${lines.join('\n')}\n`);
      }
      return exitCode;
    },
  };
}
