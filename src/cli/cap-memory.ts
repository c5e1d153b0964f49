import v8 from 'node:v8';

/** The flag was measured with this major version; another may not know it and would say so on stderr. */
const MEASURED_WITH = '24.';

/** A short run has ended by then. Its collections cost less because its space may double twice. */
const GROWS_FOR_MS = 120;

/** Each flag stands beside the one that sets V8's own value again. */
const STOP_GROWING = ['--semi-space-growth-factor=1', '--semi-space-growth-factor=2'] as const;
const FLAGS = [
  // This is for threads that start later: this one already has its first size.
  ['--min-semi-space-size=4', '--min-semi-space-size=0'],
  // With a young generation this small, and with every processor busy, helper threads cost more than they save.
  ['--no-parallel-scavenge', '--parallel-scavenge'],
] as const;

/**
 * Archives pass through buffers outside of the heap, and after every 64 MiB of these V8 marks its whole heap. Step by step in four threads, that takes
 * a tenth of the time of verifying 2 GB; all at once, it takes a few milliseconds each time. create does not use this: for a million files it would need
 * 35 MB more.
 */
const MARK_AT_ONCE = ['--no-incremental-marking', '--incremental-marking'] as const;

/**
 * Millions of records pass through, and a few of each batch survive the collections of young objects. By default V8 waits until its heap is four times as
 * large as what is in use: comparing two databases of 1,400,000 records peaked at 240 MB by default and at 155 MB with this flag.
 */
const COLLECT_OFTEN = ['--heap-growing-percent=30', '--heap-growing-percent=0'] as const;

/**
 * Keeps V8's young generation small. By default it doubles up to 64 MiB and more while a run makes many short-lived objects, which saves 10 % of CPU time
 * and costs 100 MB: with 100,000 files, create peaked at 320 MB by default and at 222 MB with these flags.
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
  // This has to happen before bin/compiled-code.js stores the compiled code: V8 accepts that code only if it starts with the same flags.
  process.prependOnceListener('exit', () => {
    for (const [, own] of flags) v8.setFlagsFromString(own);
  });
}
