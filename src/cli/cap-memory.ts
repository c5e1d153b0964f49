import v8 from 'node:v8';

/** The flag was measured with this major version; another may not know it and would say so on stderr. */
const MEASURED_WITH = '24.';

/** A short run is over by then, and its collections cost less in a space that may double twice. */
const GROWS_FOR_MS = 120;

/** Each with V8's own value. */
const STOP_GROWING = ['--semi-space-growth-factor=1', '--semi-space-growth-factor=2'] as const;
const FLAGS = [
  // Threads that are started later; this one has its first size already.
  ['--min-semi-space-size=4', '--min-semi-space-size=0'],
  // Helping threads cost more than they save where the young generation is this small and every processor has work of ours.
  ['--no-parallel-scavenge', '--parallel-scavenge'],
] as const;

/**
 * Archives pass by in buffers outside of the heap, and for every 64 MiB of them V8 marks all of its own: in four threads, step by step, it costs
 * a tenth of verifying 2 GB; at once, a few milliseconds each time. With a million files create grows by 35 MB like that.
 */
const MARK_AT_ONCE = ['--no-incremental-marking', '--incremental-marking'] as const;

/**
 * Millions of records pass by, and by chance some of each batch outlive the collections of young objects: V8 waited until its heap was four times what is in
 * use. Comparing two databases of 1,400,000 records peaked at 240 MB with its own value and at 155 MB with this.
 */
const COLLECT_OFTEN = ['--heap-growing-percent=30', '--heap-growing-percent=0'] as const;

/**
 * Keeps V8's young generation small. It doubles up to 64 MiB and more while hundreds of thousands of short-lived objects go by, which buys 10 %
 * of CPU time and costs 100 MB: at 100,000 files create peaked at 320 MB with the default and at 222 MB like this.
 */
export function capMemory(): void {
  set(FLAGS);
  setTimeout(() => set([STOP_GROWING]), GROWS_FOR_MS).unref();
}

/** For commands that read archives and keep little. */
export function markAtOnce(): void {
  set([MARK_AT_ONCE]);
}

/** For commands that read records. */
export function collectOften(): void {
  set([COLLECT_OFTEN]);
}

function set(flags: readonly (readonly [string, string])[]): void {
  if (!process.versions.node.startsWith(MEASURED_WITH)) return;
  for (const [ours] of flags) v8.setFlagsFromString(ours);
  // Before bin/compiled-code.js keeps the compiled code: V8 takes it only under the flags that it was made under.
  process.prependOnceListener('exit', () => {
    for (const [, own] of flags) v8.setFlagsFromString(own);
  });
}
