import type { Paint } from './style.ts';

export function renderExport(report: unknown, _paint: Paint): string[] {
  return [JSON.stringify(report)];
}
