/** Preloaded into a process that is watched: appends its largest resident size, in kB, to a file when it ends (Linux). */
import { appendFileSync, readFileSync } from 'node:fs';

const file = process.env['MIGBACKUP_TEST_MEMORY'];
process.on('exit', () => {
  // Not getrusage: its figure begins with that of the parent.
  const [, peak] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if (file !== undefined) appendFileSync(file, `${peak}\n`);
});
