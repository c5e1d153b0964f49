/**
 * A process that changes a project for as long as it lives. `exchange`: a file, a link and a folder take turns under one name, and wait in another
 * folder between. `move`: a file goes to and fro between two folders. `swap`: two files of one folder exchange their names. Everything is in one of its places at every moment.
 * Arguments: which of them, the project, and the longest pause between two steps in milliseconds.
 */
import fs from 'node:fs';
import path from 'node:path';

const [kind = '', root = '', longest = '0'] = process.argv.slice(2);
const CLOCK = new Int32Array(new SharedArrayBuffer(4));
const at = (...parts: string[]): string => path.join(root, 'deployments', ...parts);
const EXCHANGED = ['file', 'link', 'folder'];

function* steps(): Generator<[string, string]> {
  if (kind === 'move') {
    yield [at('a', 'moving.json'), at('b', 'moving.json')];
    yield [at('b', 'moving.json'), at('a', 'moving.json')];
    return;
  }
  if (kind === 'swap') {
    yield [at('swap', 'one'), at('swap', 'spare')];
    yield [at('swap', 'two'), at('swap', 'one')];
    yield [at('swap', 'spare'), at('swap', 'two')];
    return;
  }
  for (const [turn, name] of EXCHANGED.entries()) {
    const next = EXCHANGED[(turn + 1) % EXCHANGED.length] ?? '';
    yield [at('name'), at('waiting', name)];
    yield [at('waiting', next), at('name')];
  }
}

/** Steps so far: whoever asks is told. */
let taken = 0;
process.on('message', () => process.send?.(taken));
process.on('disconnect', () => process.exit());

function round(): void {
  for (const [from, to] of steps()) {
    fs.renameSync(from, to);
    taken++;
    const pause = Math.random() * Number(longest);
    // What waits is exchanged for the next at once: a name is empty for a moment only.
    if (pause > 0 && !to.startsWith(at('waiting'))) Atomics.wait(CLOCK, 0, 0, pause);
  }
  setImmediate(round);
}
round();
