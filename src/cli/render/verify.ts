import { sayRehearsed } from '../../core/model/say-rehearsed.ts';
import { pathWord, shellLine } from '../../core/model/shell-quote.ts';
import { escapeName } from '../../core/paths/names.ts';
import type { ChainCheck, ChainContract } from '../../core/model/chain-check.ts';
import type { VerifyAllReport, VerifyReport } from '../../core/model/verify-report.ts';
import { renderAdvice, renderFindings } from './findings.ts';
import { formatBytes, formatDuration, saySigner } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { wrap, type Paint } from './style.ts';
import { backupWords, pasteable } from '../pasteable.ts';

function paintStatus(status: VerifyReport['status'], paint: Paint): string {
  if (status === 'PASSED') return paint.good(status);
  return status === 'WARNING' ? paint.warn(status) : paint.bad(status);
}

/** What was read, unless that was everything; or what a rehearsal opened. */
function scopeNote(report: VerifyReport, indent = '  '): string[] {
  const { mode, samplePercent, seed, only = [], filesChecked, rehearsed } = report.scope;
  if (rehearsed !== undefined) {
    return [
      wrap(
        `rehearsed: all unpacked, ${escapeName(sayRehearsed(rehearsed, report.findings))}`,
        indent,
        indent.length + 2,
      ),
    ];
  }
  if (mode === 'full') return [];
  if (mode === 'stored') {
    return [wrap('only what the remote says of them; this does not count as verified', indent, indent.length)];
  }
  const what =
    mode === 'quick'
      ? 'quick: structure and sizes only, no content was read'
      : mode === 'selection'
        ? `--only ${escapeName(only.join(', '))}: ${plural(filesChecked, 'file')} read; of the others, only structure and sizes`
        : `sample: ${filesChecked} of ${plural(report.totals.files, 'file')} (${samplePercent}%), seed ${seed}`;
  return [wrap(`${what}; this does not count as verified`, indent, indent.length)];
}

/** Who signed it, and the commit of the copy, if a signature is required and trusted. */
function signerLines({ signer, commitSigner }: VerifyReport, indent = '  '): string[] {
  const line = (what: string): string => wrap(what, indent, indent.length + 2);
  return [
    ...(signer ? [line(`signed by ${saySigner(signer)}`)] : []),
    ...(commitSigner ? [line(`commit signed by ${saySigner(commitSigner)}`)] : []),
  ];
}

/** What each chain said: its block first, because the answers are about that moment. */
function chainLines(chains: readonly ChainCheck[], paint: Paint): string[] {
  return chains.flatMap(({ chainId, node, status, block, recorded, contracts }) => {
    const word =
      status === 'AGREES' ? paint.good('agrees') : paint.bad(status === 'DIFFERS' ? 'differs' : 'not proven');
    const at = block === null ? '' : `, block ${block.number} of ${block.time.replace('.000Z', 'Z')}`;
    const head = wrap(`chain ${chainId}: ${word}  ${escapeName(node)}${at}`, '  ', 4);
    if (contracts.length === 0) return [head];
    const of = contracts.length === recorded ? '' : ` of ${recorded}`;
    return [
      head,
      wrap(`${plural(contracts.length, 'address', 'addresses')}${of}: ${sayContracts(contracts)}`, '    ', 6),
    ];
  });
}

const CODES: Readonly<Record<ChainContract['code'], string>> = {
  same: 'with the recorded code',
  'same-but-immutables': 'with the recorded code but for what constructors set',
  'same-behind': 'whose implementation has the recorded code',
  differs: 'with other code',
  'not-compared': 'with code that nothing in the backup is there to compare with',
  none: 'without code',
};

function sayContracts(contracts: readonly ChainContract[]): string {
  const said = Object.entries(CODES).flatMap(([kind, words]) => {
    const count = contracts.filter(({ code }) => code === kind).length;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  const proxies = contracts.filter(({ proxy }) => proxy !== undefined).length;
  return [...said, ...(proxies === 0 ? [] : [plural(proxies, 'proxy', 'proxies')])].join(', ');
}

/** How the command line that is printed next names what was verified. */
export interface Named {
  /** Absolute: where a backup is named by its id. */
  readonly repository?: string;
  /** The words of `--only`, as they were given. */
  readonly only?: readonly string[] | undefined;
}

function nextStep(report: VerifyReport, { repository, only = [] }: Named): string[] {
  if ((report.backupStatus ?? report.status) !== 'FAILED') {
    const words = only.flatMap((word) => ['--only', pathWord(word)]);
    const line = shellLine(['migbackup', 'restore', ...backupWords(report, repository), ...words, '--dry-run']);
    return [pasteable(`  Next: ${line}`)];
  }
  const next = 'Next: migbackup list shows the other backups; migbackup create takes a new one';
  return [wrap(pasteable(next), '  ', 8)];
}

export function renderVerify(report: VerifyReport, paint: Paint, named: Named = {}): string[] {
  const { files, bytes } = report.totals;
  const problems = report.findings.filter((finding) => finding.severity === 'error').length;
  const isStored = report.scope.mode === 'stored';
  const what = isStored ? plural(report.totals.artifacts, 'object') : `${plural(files, 'file')}, ${formatBytes(bytes)}`;
  const size = `${what}, ${formatDuration(report.durationMs)}`;
  const said = new Set(report.findings.map(({ recommendation }) => recommendation));
  const further = report.recommendations.filter((advice) => !said.has(advice));
  return [
    `  ${paintStatus(report.status, paint)}  ${report.backupId}`,
    `  ${problems > 0 ? `${plural(problems, 'problem')} in ${size}` : size}`,
    ...scopeNote(report),
    ...signerLines(report),
    ...chainLines(report.chains ?? [], paint),
    ...renderFindings(report.findings, paint),
    ...renderAdvice(further, paint),
    ...(report.reportFile ? [`  Report: ${escapeName(report.reportFile)}`] : []),
    ...nextStep(report, named),
  ];
}

export function renderVerifyAll(report: VerifyAllReport, paint: Paint): string[] {
  const blocks = report.reports.flatMap((one) => {
    const { files, bytes } = one.totals;
    const head = `  ${paintStatus(one.status, paint)}${' '.repeat(9 - one.status.length)}${one.backupId}`;
    return [
      head,
      `           ${plural(files, 'file')}, ${formatBytes(bytes)}, ${formatDuration(one.durationMs)}`,
      ...scopeNote(one, ' '.repeat(11)),
      ...signerLines(one, ' '.repeat(11)),
      ...renderFindings(one.findings, paint),
    ];
  });
  const count = plural(report.reports.length, 'backup');
  const { ofOthers } = report;
  const others =
    ofOthers === 0
      ? []
      : [
          pasteable(
            `  ${ofOthers} more ${ofOthers === 1 ? 'belongs' : 'belong'} to other projects: migbackup verify --all --all-projects`,
          ),
        ];
  return [...blocks, '', `  ${paintStatus(report.status, paint)}  ${count} looked at`, ...others];
}
