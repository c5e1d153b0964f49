import type { Paint } from './style.ts';

export function renderShow(report: unknown, _paint: Paint): string[] {
  return [JSON.stringify(report)];
}
