import type { SignReport } from '../../core/model/sign-report.ts';
import { escapeName } from '../../core/paths/names.ts';
import { renderFindings } from './findings.ts';
import { wrap, type Paint } from './style.ts';

export function renderSign({ backupId, file, fingerprint, findings }: SignReport, paint: Paint): string[] {
  return [
    `  ${paint.good('signed')}  ${backupId}`,
    `  by  ${fingerprint}`,
    wrap(escapeName(file), '  in  ', 6),
    ...renderFindings(findings, paint),
  ];
}
