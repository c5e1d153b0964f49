import type { Paint } from './style.ts';

export function renderList(report: unknown, _paint: Paint): string[] {
  return [JSON.stringify(report)];
}
