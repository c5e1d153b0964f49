import path from 'node:path';
import { planRestore } from '../change/plan-restore.ts';
import { candidates, knownBackups, stands, type KnownBackup } from '../checks/preflight/backups.ts';
import { verifyForRestore } from '../extract/verify-for-restore.ts';
import { ARTIFACTS_FILE } from '../format/layout.ts';
import { hashFile } from '../fs/hash-file.ts';
import { requireProgram } from '../history/find-program.ts';
import { recordOperation } from '../history/operation-log.ts';
import { runCommand } from '../history/run-command.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import type { Demand, RequireReport } from '../model/require-report.ts';
import { escapeName } from '../paths/names.ts';
import { startReport } from '../repository/report-head.ts';

export interface RequireOptions {
  /** In milliseconds. */
  readonly maxAgeMs?: number | undefined;
  readonly verified: boolean;
  readonly rehearsed: boolean;
  /** How many remotes have to have a copy. */
  readonly copies?: number | undefined;
  /** The project has to be, byte for byte, what the backup holds. */
  readonly unchanged: boolean;
  /** Go on though a demand is not met. It is logged. */
  readonly because?: string | undefined;
  /** Allow plain http to another machine. */
  readonly insecure: boolean;
  /** Program and arguments; empty: only answer. */
  readonly command: readonly string[];
  readonly stdoutToStderr: boolean;
}

/**
 * Whether the project's newest complete backup meets every demand, and then runs a command. Remotes are asked; what they do not answer is not met. Throws
 * USAGE for a program that is not there.
 */
export async function requireBackup(
  project: Project,
  options: RequireOptions,
  context: Context,
): Promise<RequireReport> {
  const head = startReport(context);
  if (options.command.length > 0) requireProgram(options.command[0] ?? '', process.cwd(), process.env);
  const [latest] = candidates(knownBackups(project));
  const complete = isComplete(latest);
  const demands = [complete];
  let copies: number | null = null;
  if (latest !== undefined && complete.met) {
    demands.push(...onRecord(latest, options, (context.now ?? (() => new Date()))()));
    if (options.copies !== undefined) {
      const asked = await countCopies(project, latest, options.copies, options.insecure, context);
      ({ copies } = asked);
      demands.push(asked.demand);
    }
    if (options.unchanged) demands.push(await isUnchanged(project, latest, context));
  }
  const met = demands.every((demand) => demand.met);
  const backupId = complete.met ? (latest?.ref.id ?? null) : null;
  const because = met ? null : (options.because ?? null);
  const findings = because === null ? [] : logPassed(project, backupId ?? '', because, demands, context);
  const runs = options.command.length > 0 && (met || because !== null);
  const run = { cwd: process.cwd(), env: process.env, stdoutToStderr: options.stdoutToStderr };
  let result: RequireReport['result'] = null;
  if (runs) {
    context.onEvent?.({ type: 'command-begin' });
    result = await runCommand(options.command, run);
    context.onEvent?.({ type: 'command-end' });
  }
  const { root, repository } = project;
  return {
    ...head(),
    operation: 'require',
    root,
    repository,
    backupId,
    met,
    demands,
    copies,
    because,
    result,
    findings,
  };
}

function isComplete(latest: KnownBackup | undefined): Demand {
  const demand = 'complete' as const;
  if (latest === undefined) return { demand, met: false, evidence: 'this project has no backup' };
  const { ref, partial, problem } = latest;
  if (problem !== null) return { demand, met: false, evidence: `${ref.id} is damaged: ${escapeName(problem)}` };
  if (partial !== null)
    return { demand, met: false, evidence: `no backup is complete: ${ref.id} is partial (${partial})` };
  return { demand, met: true, evidence: `${ref.id} is complete` };
}

/** What the id and the reports say. */
function onRecord(latest: KnownBackup, options: RequireOptions, now: Date): Demand[] {
  const { maxAgeMs, verified, rehearsed } = options;
  const demands: Demand[] = [];
  const { last } = latest;
  if (maxAgeMs !== undefined) {
    const ageMs = now.getTime() - latest.ref.time.getTime();
    const evidence = ageMs < 0 ? 'it is from the future' : `it is ${plural(Math.floor(ageMs / 60_000), 'minute')} old`;
    demands.push({ demand: 'max-age', met: ageMs >= 0 && ageMs <= maxAgeMs, evidence });
  }
  const said = last === null ? 'no verification is on record' : `${last.status} on ${last.time} (${last.mode})`;
  if (verified) demands.push({ demand: 'verified', met: stands(latest), evidence: said });
  if (rehearsed)
    demands.push({
      demand: 'rehearsed',
      met: stands(latest) && last?.rehearsed === true,
      evidence: last?.rehearsed === true ? said : 'no rehearsal is on record',
    });
  return demands;
}

/** Asks every remote of the config for a copy of this very content, and for each of its objects. */
async function countCopies(
  project: Project,
  { ref }: KnownBackup,
  wanted: number,
  insecure: boolean,
  context: Context,
): Promise<{ copies: number; demand: Demand }> {
  const { chooseRemotes, openRemote } = await import('../repository/remotes/open-remote.ts');
  const { listCopies } = await import('../repository/remotes/list-copies.ts');
  const { compareStored } = await import('../repository/remotes/stored-objects.ts');
  const { isAsPrivate } = await import('../repository/remotes/select-copy.ts');
  const { isCopyOf } = await import('../repository/remotes/commit.ts');
  const sha256 = hashFile(path.join(ref.folder, ARTIFACTS_FILE));
  const has: string[] = [];
  const lacks: string[] = [];
  for (const choice of chooseRemotes(project.config, [])) {
    const name = escapeName(choice.name);
    try {
      const remote = await openRemote(choice, insecure, context);
      try {
        const { copies } = await listCopies(remote, ref.id);
        const copy = copies.find(({ statement }) => isCopyOf(statement, sha256) && isAsPrivate(choice, statement));
        const [problem] = copy === undefined ? [] : await compareStored(remote, copy);
        if (copy === undefined) lacks.push(`${name} has none`);
        else if (problem === undefined) has.push(name);
        else lacks.push(`the one in ${name} is damaged: ${problem.message}`);
      } finally {
        remote.close();
      }
    } catch (error) {
      if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
      lacks.push(`${name}: ${error.message}`);
    }
  }
  const there = has.length === 0 ? 'no remote has a copy' : `there is a copy in ${has.join(', ')}`;
  const evidence = [there, ...lacks].join('; ');
  return { copies: has.length, demand: { demand: 'copies', met: has.length >= wanted, evidence } };
}

/** By what an exact restore would have to change; the backup is verified in full on the way. */
async function isUnchanged(project: Project, { ref }: KnownBackup, context: Context): Promise<Demand> {
  const demand = 'unchanged' as const;
  try {
    const selected = { id: ref.id, folder: ref.folder, dispose() {} };
    const verified = await verifyForRestore(selected, { only: [], allowUnsafeLinks: true }, context);
    const { plan } = await planRestore(project, verified, { only: [], exact: true });
    const [first] = plan.changes;
    if (first === undefined) return { demand, met: true, evidence: 'the project is, byte for byte, what it holds' };
    const evidence = `${plural(plan.changes.length, 'path')} changed since, for example ${escapeName(first.path)}`;
    return { demand, met: false, evidence };
  } catch (error) {
    if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
    return { demand, met: false, evidence: `it could not be compared: ${error.message}` };
  }
}

function logPassed(
  project: Project,
  backupId: string,
  because: string,
  demands: readonly Demand[],
  context: Context,
): Finding[] {
  const unmet = demands.flatMap(({ demand, met }) => (met ? [] : [demand]));
  const about = { planHash: null, safetyId: null, transactionId: null, exit: 0 };
  const record = { ...about, operation: 'require', backupId, because, unmet };
  return recordOperation(project, record, context);
}
