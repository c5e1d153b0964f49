import type { Paint } from './style.ts';

export function renderInit(report: unknown, _paint: Paint): string[] {
  return [JSON.stringify(report)];
}
