import type { AnyFinding } from '../model/finding.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import type { Manifest } from '../model/manifest.ts';
import type { VerifyReport } from '../model/verify-report.ts';
import { PROCEDURES_FILE } from '../format/layout.ts';

/** FAILED if anything is wrong, WARNING if something is worth knowing. */
export function statusOf(findings: readonly AnyFinding[]): VerifyReport['status'] {
  if (findings.some((finding) => finding.severity === 'error')) return 'FAILED';
  if (findings.some((finding) => finding.severity === 'warning')) return 'WARNING';
  return 'PASSED';
}

/**
 * Whether an error makes a category unusable. Its own errors do, and so do errors in what every category needs: the manifest, the index, the sums. No
 * category needs the page of procedures, and a foreign file beside the artifacts harms none.
 */
export function concerns(category: string, finding: AnyFinding): boolean {
  if (finding.category !== undefined) return finding.category === category;
  return finding.code !== ('artifact-foreign' satisfies FindingCode) && finding.path !== PROCEDURES_FILE;
}

/** What create noted, and what no later verification can prove to be good. */
const KEPT: ReadonlySet<string> = new Set<FindingCode>([
  'left-out',
  'database-not-proven',
  'database-partly-proven',
  'database-foreign',
  'database-zeroed',
  'database-unsound',
  'database-doubt',
  'file-not-proven',
  'source-is-link',
  // of backups in format version 1
  'file-unknown',
  'file-not-listed',
  'files-collide',
  'manifest-contradicts',
  'database-does-not-read',
  'file-not-restored',
]);

/** Everything that follows from a set of findings. What create left out or could not prove stays a warning forever. */
export function judge(
  manifest: Manifest,
  findings: AnyFinding[],
): Pick<VerifyReport, 'status' | 'categories' | 'findings' | 'recommendations'> {
  const said = new Set(findings.map((finding) => JSON.stringify(finding)));
  // A rehearsal judges the findings of an audit a second time, and then they already contain the noted ones.
  const noted = manifest.findings.filter(
    (finding) => finding.severity !== 'error' && KEPT.has(finding.code) && !said.has(JSON.stringify(finding)),
  );
  const status = statusOf([...findings, ...noted]);
  const categories = categoryStates(manifest, findings);
  const all = [...findings, ...noted];
  return { status, categories, findings: all, recommendations: recommend(status, categories, all) };
}

/** Whether each category is whole by itself. A restore of that category alone uses the same rule. */
function categoryStates(manifest: Manifest, findings: readonly AnyFinding[]): VerifyReport['categories'] {
  const errors = findings.filter((finding) => finding.severity === 'error');
  const states: VerifyReport['categories'] = {};
  for (const [name, category] of Object.entries(manifest.categories)) {
    const own = errors.filter((finding) => concerns(name, finding));
    const affected = new Set(own.flatMap((finding) => finding.affects ?? [])).size;
    if (own.length > 0) states[name] = { status: 'damaged', affected };
    else if (category.status === 'empty' || category.status === 'absent')
      states[name] = { status: category.status, affected: 0 };
    else states[name] = { status: 'whole', affected: 0 };
  }
  return states;
}

/** What to do about the findings. */
function recommend(
  status: VerifyReport['status'],
  states: VerifyReport['categories'],
  findings: readonly AnyFinding[],
): string[] {
  const advice = new Set<string>();
  if (status === 'FAILED') {
    const whole = Object.entries(states)
      .filter(([, state]) => state.status === 'whole')
      .map(([name]) => name);
    if (whole.length > 0)
      advice.add(
        `${whole.join(', ')} ${whole.length === 1 ? 'is' : 'are'} whole: restore --only works for ${whole.length === 1 ? 'it' : 'them'}.`,
      );
    advice.add('Do not rely on this backup for the migration: take a new one with migbackup create.');
  }
  for (const finding of findings) if (finding.recommendation !== undefined) advice.add(finding.recommendation);
  return [...advice];
}
