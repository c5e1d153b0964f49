import type { ReconciledDatabase, ReconciledRecord, ReconciledValue } from '../../core/model/reconcile-report.ts';
import { escapeName } from '../../core/paths/names.ts';

/** Names a few and counts the rest: JSON has them all. */
export const NAMED = 4;
export const MAX_NAME = 60;

export function shortened(text: string, most: number): string {
  const shown = escapeName(text);
  return shown.length > most ? `${shown.slice(0, most - 1)}…` : shown;
}

export function some(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).map((name) => shortened(name, MAX_NAME));
  const more = names.length - NAMED;
  return `${shown.join(', ')}${more > 0 ? `, ${more} more` : ''}`;
}

const LISTS = new WeakMap<readonly ReconciledValue[], ReadonlySet<string>>();

/** Pointers of what looks like a list in a record: its keys are numbered from 0. */
function listsOf(values: readonly ReconciledValue[]): ReadonlySet<string> {
  const known = LISTS.get(values);
  if (known !== undefined) return known;
  const keys = new Map<string, Set<string>>();
  for (const { path } of values)
    for (let at = path.indexOf('/'); at >= 0;) {
      const next = path.indexOf('/', at + 1);
      const inside = keys.get(path.slice(0, at)) ?? new Set<string>();
      keys.set(path.slice(0, at), inside.add(path.slice(at + 1, next < 0 ? undefined : next)));
      at = next;
    }
  const lists = [...keys].filter(([, inside]) => [...inside].every((_, position) => inside.has(String(position))));
  const pointers = new Set(lists.map(([pointer]) => pointer));
  LISTS.set(values, pointers);
  return pointers;
}

/** What rules call a value: its pointer, with `#` for positions in lists. A number may also be a key: then a field that is known has it. */
export function fieldOf(
  path: string,
  { values }: Pick<ReconciledRecord, 'values'>,
  report: ReconciledDatabase,
): string {
  const field = path.slice(1);
  if (!/(?:^|\/)\d+(?=\/|$)/.test(field)) return field;
  if (Object.hasOwn(report.places, field) || report.withoutPlace.includes(field)) return field;
  const lists = listsOf(values);
  let pointer = '';
  const parts = field.split('/').map((part) => {
    const isPosition = lists.has(pointer);
    pointer += `/${part}`;
    return isPosition ? '#' : part;
  });
  return parts.join('/');
}

export function sayField(field: string): string {
  return field === '' ? 'the value' : field;
}
