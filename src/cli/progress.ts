import type { Event } from '../core/model/event.ts';
import { formatBytes, formatDuration } from './render/format.ts';

const BEGIN_AFTER_MS = 500;
const EVERY_MS = 100;
const BAR_CELLS = 16;

export interface Progress {
  onEvent(event: Event): void;
  /** Removes the line. */
  clear(): void;
}

interface Phase {
  readonly name: string;
  readonly begun: number;
  readonly totalFiles: number | undefined;
  readonly totalBytes: number | undefined;
  files: number;
  bytes: number;
}

/** One line: phase, bar, files, bytes, rate, time left. Without a known total there is no bar and no time left. */
export function progressLine(phase: Phase, now: number, width: number): string {
  const seconds = Math.max((now - phase.begun) / 1000, 0.001);
  const rate = phase.bytes / seconds;
  const parts = [phase.name.padEnd(10)];
  if (phase.totalBytes) {
    const share = Math.min(phase.bytes / phase.totalBytes, 1);
    const full = Math.round(share * BAR_CELLS);
    parts.push(`[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}] ${String(Math.floor(share * 100)).padStart(3)}%`);
  }
  parts.push(`${phase.files}${phase.totalFiles ? `/${phase.totalFiles}` : ''} files`, formatBytes(phase.bytes));
  if (rate > 0) parts.push(`${formatBytes(Math.round(rate))}/s`);
  if (phase.totalBytes && rate > 0 && phase.bytes < phase.totalBytes) {
    parts.push(`${formatDuration(((phase.totalBytes - phase.bytes) / rate) * 1000)} left`);
  }
  // The line must never wrap: on a narrow terminal the last figures, which matter least, are left out.
  while (parts.length > 1 && parts.join('  ').length >= width) parts.pop();
  return parts.join('  ').slice(0, width - 1);
}

/** Whether a progress line or a question may be shown: a person is watching, and this is not a CI job. */
export function isInteractive(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  return (
    stream.isTTY === true && (env['CI'] === undefined || env['CI'] === '' || env['CI'] === 'false' || env['CI'] === '0')
  );
}

/** Draws on the given terminal, from half a second on so that quick work stays silent. */
export function terminalProgress(stream: NodeJS.WriteStream): Progress {
  const started = performance.now();
  let phase: Phase | undefined;
  let lastDrawn = 0;
  let drawn = false;

  function draw(): void {
    const now = performance.now();
    if (!phase || now - started < BEGIN_AFTER_MS || now - lastDrawn < EVERY_MS) return;
    lastDrawn = now;
    drawn = true;
    stream.write(`\r\u001b[K${progressLine(phase, now, stream.columns)}`);
  }

  return {
    onEvent(event) {
      if (event.type === 'phase-begin') {
        const { phase: name, files: totalFiles, bytes: totalBytes } = event;
        phase = { name, begun: performance.now(), totalFiles, totalBytes, files: 0, bytes: 0 };
      } else if (event.type === 'progress' && phase) {
        phase.files = event.files;
        phase.bytes = event.bytes;
      }
      draw();
    },
    clear() {
      if (drawn) stream.write('\r\u001b[K');
      drawn = false;
    },
  };
}

/** Shows nothing, because output is piped or nobody is watching. */
export const noProgress: Progress = { onEvent() {}, clear() {} };
