import type { Context } from '../model/event.ts';

/** Starts the clock, which stops while a question waits for its answer. Returns a function that gives the fields which every report begins with. */
export function startReport(context: Context): () => {
  tool: { name: string; version: string; runtime: string };
  startedAt: string;
  durationMs: number;
} {
  const startedAt = (context.now ?? (() => new Date()))().toISOString();
  const worked = (): number => performance.now() - (context.askedMs?.() ?? 0);
  const began = worked();
  return () => ({
    tool: { ...context.tool },
    startedAt,
    durationMs: Math.round((worked() - began) * 10) / 10,
  });
}
