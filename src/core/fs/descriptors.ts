import fs from 'node:fs';

/** Reserved for everything else that a run opens: archives, lists, the lock, a child process. */
const RESERVED = 32;
const LEAST = 8;

/** How many more files this process may hold open, at most `most`, leaving room for everything else that it opens. */
export function spareDescriptors(most: number): number {
  const limit = openFilesLimit();
  if (limit === null) return most;
  return Math.max(LEAST, Math.min(most, limit - openNow() - RESERVED));
}

/** The soft limit of the process (`ulimit -n`); null if there is no limit or the system does not tell. */
function openFilesLimit(): number | null {
  const limits = readLimits();
  if (limits !== null) return Number(/^Max open files +(\d+) /m.exec(limits)?.[1] ?? Number.NaN) || null;
  const document: { userLimits?: { open_files?: { soft?: unknown } } } = process.report.getReport();
  const soft = document.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : null;
}

/** The limits as Linux writes them, which takes a hundredth of the time of Node's report; null on other systems. */
function readLimits(): string | null {
  try {
    return fs.readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return null;
  }
}

/** The number of open descriptors: counted if the system lists them, otherwise what Node itself usually needs. */
function openNow(): number {
  for (const folder of ['/proc/self/fd', '/dev/fd']) {
    try {
      return fs.readdirSync(folder).length;
    } catch {
      // This system does not list them.
    }
  }
  return RESERVED;
}
