import type { Project } from '../../model/category.ts';
import { BackupError } from '../../model/backup-error.ts';
import { nearlyMatching } from '../../model/nearest.ts';
import { escapeName, shorten } from '../../paths/names.ts';
import { stepsOf, type Step } from '../../history/undo-steps.ts';

/** The operation to take back: the newest, or the one that an id or a part of it names. Throws NOTHING_TO_UNDO, USAGE for an unclear part. */
export function chooseStep(project: Project, id: string | undefined): Step {
  const { back, forth, last } = stepsOf(project);
  if (id === undefined) {
    if (last === undefined) throw nothing(`nothing that migbackup did in ${project.root} can be undone`);
    return last;
  }
  const all = [...back, ...forth];
  const exact = all.filter((step) => step.id === id);
  const matching = exact.length > 0 ? exact.slice(-1) : all.filter((step) => step.id.includes(id));
  const [step, other] = matching;
  if (step === undefined) {
    const close = nearlyMatching(id, [...new Set(all.map((each) => each.id))]);
    const meant = close.length === 0 ? '' : ` Did you mean ${close.join(' or ')}?`;
    throw nothing(`no operation that can be undone here is named ${shorten(escapeName(id))}`, meant);
  }
  if (other !== undefined) {
    throw new BackupError('USAGE', `${id} is a part of ${matching.map((each) => each.id).join(' and of ')}`, {
      hint: 'Give more of the id. migbackup undo --list shows them.',
    });
  }
  const newest = (back.includes(step) ? back : forth).at(-1);
  if (newest === step || newest === undefined) return step;
  const message = `${told(step)} is not the newest: ${told(newest)} has to be taken back first`;
  throw new BackupError('NOTHING_TO_UNDO', message, {
    hint: `Nothing was changed. First run: migbackup undo ${newest.id}. Then, if all between them is taken back: migbackup undo ${step.id}.`,
    details: { asked: step.id, newest: newest.id },
  });
}

/** Two restores of one backup have the same words. */
function told({ what, record, id }: Step): string {
  return `${what} (${record.time}, ${id})`;
}

export function nothing(message: string, meant = ''): BackupError {
  return new BackupError('NOTHING_TO_UNDO', message, {
    hint: `Nothing was changed. migbackup undo --list shows what can be undone, and migbackup list every backup, also the safety ones: migbackup restore ID brings one back.${meant}`,
  });
}
