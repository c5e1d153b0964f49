import type { Paint } from './style.ts';

export function renderRecover(report: unknown, _paint: Paint): string[] {
  return [JSON.stringify(report)];
}
