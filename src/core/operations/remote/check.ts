import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import type { RemoteCheckReport } from '../../model/remote-check-report.ts';
import { escapeName } from '../../paths/names.ts';
import { startReport } from '../../repository/report-head.ts';
import { rememberLocks } from '../../repository/remotes/known-places.ts';
import { chooseOnly, initRemote, openRemote, type RemoteChoice } from '../../repository/remotes/open-remote.ts';
import type { TriedPromise } from '../../repository/remotes/remote.ts';

export interface CheckRemoteOptions {
  /** A name in the config, or a URL. Undefined: the only remote of the config. */
  readonly remote: string | undefined;
  readonly insecure: boolean;
  /** Make the folder a remote first. */
  readonly init: boolean;
  /** Asked before a compliance lock is tried, which nobody can take back. It throws CONFIRMATION_REQUIRED. */
  readonly confirm: (what: { readonly remote: string; readonly place: string }) => Promise<unknown>;
}

/** More than two machines whose clocks are set differ. */
const CLOCK_MS = 60_000;

/**
 * Tries with the credentials of this run what a remote keeps of what a copy may rely on. Throws NO_SUCH_REMOTE, USAGE, CONFIRMATION_REQUIRED and the errors
 * of a remote.
 */
export async function checkRemote(
  project: Project,
  options: CheckRemoteOptions,
  context: Context,
): Promise<RemoteCheckReport> {
  const head = startReport(context);
  const choice = chooseOnly(project.config, options.remote, 'Say which one');
  const { lock } = choice.settings;
  if (lock?.mode === 'compliance') await options.confirm({ remote: choice.name, place: choice.place });
  const made = options.init && initRemote(choice) === 'made';
  const remote = await openRemote(choice, options.insecure, context);
  try {
    context.onEvent?.({ type: 'phase-begin', phase: 'checking' });
    const promises = await remote.tryPromises(lock?.mode ?? null);
    const locks = promises.find(({ promise }) => promise === 'locks');
    if (lock !== undefined && locks !== undefined) rememberLocks(choice, locks.held !== 'no');
    const clockAheadMs = remote.now().getTime() - Date.now();
    return {
      ...head(),
      operation: options.init ? 'remote-init' : 'remote-check',
      remote: choice.name,
      place: choice.place,
      kind: remote.kind,
      made,
      promises,
      clockAheadMs,
      findings: [...findingsOf(choice, promises), ...clockFindings(choice, clockAheadMs)],
    };
  } finally {
    remote.close();
  }
}

/** What fails although the config asks for it is an error; what a stolen key could do is worth knowing. */
function findingsOf({ place, settings: { lock } }: RemoteChoice, promises: readonly TriedPromise[]): Finding[] {
  return promises.flatMap(({ promise, held, evidence }): Finding[] => {
    if (held !== 'no') return [];
    if (promise === 'locks' && lock !== undefined)
      return [
        {
          code: 'remote-keeps-no-lock',
          severity: 'error',
          message: evidence,
          path: place,
          recommendation:
            'Use a bucket that was made with object lock, or take "lock" out of the config of this remote.',
        },
      ];
    if (promise === 'no-early-end-of-lock' || (promise === 'no-delete-by-these-credentials' && lock === undefined))
      return [
        {
          code: 'remote-can-lose-copies',
          severity: 'warning',
          message: `${evidence}: whoever steals them can remove copies`,
          path: place,
          recommendation:
            'Push with credentials that have no right to delete and none to bypass a lock (docs/remotes.md).',
        },
      ];
    return [];
  });
}

function clockFindings({ place }: RemoteChoice, aheadMs: number): Finding[] {
  if (Math.abs(aheadMs) < CLOCK_MS) return [];
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const how = aheadMs > 0 ? 'ahead of' : 'behind';
  return [
    {
      code: 'remote-clock-differs',
      severity: 'warning',
      message: `the clock of ${escapeName(place)} is ${seconds} s ${how} the one of this machine`,
      path: place,
      recommendation: 'Set the clock of this machine: a server refuses requests whose time is too far off.',
    },
  ];
}
