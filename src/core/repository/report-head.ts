import type { Context } from '../model/event.ts';

/** Starts the clock; the function it returns gives what every report opens with. */
export function startReport(context: Context): () => {
  tool: { name: string; version: string; runtime: string };
  startedAt: string;
  durationMs: number;
} {
  const startedAt = (context.now ?? (() => new Date()))().toISOString();
  const began = performance.now();
  return () => ({
    tool: { ...context.tool },
    startedAt,
    durationMs: Math.round((performance.now() - began) * 10) / 10,
  });
}
