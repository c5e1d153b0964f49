import type { RemoteCheckReport } from '../../core/model/remote-check-report.ts';
import { escapeName } from '../../core/paths/names.ts';
import { pasteable } from '../pasteable.ts';
import { renderFindings } from './findings.ts';
import { wrap, type Paint } from './style.ts';

const WORDS: Readonly<Record<RemoteCheckReport['promises'][number]['promise'], string>> = {
  checksums: 'checksums',
  versions: 'versions',
  'exclusive-writes': 'exclusive writes',
  locks: 'locks',
  'no-early-end-of-lock': 'no early end of a lock',
  'no-delete-by-these-credentials': 'no delete by these credentials',
};

/** A line for each thing that was tried. */
export function renderRemoteCheck(report: RemoteCheckReport, paint: Paint): string[] {
  const { remote, place, made, promises, findings } = report;
  const said = { yes: paint.good('yes'), no: 'no ', unknown: '?  ' };
  return [
    wrap(`${escapeName(remote)}  ${made ? 'was set up' : ''}`.trimEnd(), '  ', 4),
    ...(remote === place ? [] : [wrap(escapeName(place), '  ', 4)]),
    ...promises.map(({ promise, held, evidence }) =>
      wrap(`${WORDS[promise]}: ${escapeName(evidence)}`, `  ${said[held]}  `, 7),
    ),
    ...renderFindings(findings, paint),
    pasteable(`  Next: migbackup push --remote ${escapeName(remote)}`),
  ];
}
