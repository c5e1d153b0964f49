import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Runs SQL that it reads from its standard input, one statement a line, and prints rows as JSON or what SQLite says against it. */
const SCRIPT = `
const { DatabaseSync } = require('node:sqlite');
let database;
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  let said;
  try {
    if (line === 'open') { database = new DatabaseSync(process.argv[1], { readOnly: process.argv[2] === 'read-only' }); said = 'opened'; }
    else if (line === 'close') { database.close(); said = 'closed'; }
    else said = JSON.stringify(database.prepare(line).all().map((row) => Object.values(row).join(' ')));
  } catch (error) { said = error.message; }
  console.log(said);
});`;

export interface ConnectionElsewhere extends AsyncDisposable {
  readonly pid: number;
  /** What it says to a statement, `open` or `close`. */
  ask(statement: string): Promise<string>;
}

/** A connection of another process, which waits for no lock. */
export function connectionElsewhere(
  file: string,
  { readOnly = false, user }: { readOnly?: boolean; user?: number } = {},
): ConnectionElsewhere {
  const child = spawn(
    process.execPath,
    ['--no-warnings', '-e', SCRIPT, '--', file, readOnly ? 'read-only' : 'read-write'],
    { stdio: ['pipe', 'pipe', 'inherit'], ...(user !== undefined && { uid: user, gid: user }) },
  );
  const ended = once(child, 'exit');
  const waiting: ((said: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  if (child.pid === undefined) throw new Error('the process could not be started');
  return {
    pid: child.pid,
    ask: (statement) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${statement}\n`);
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
