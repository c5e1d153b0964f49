import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** What somebody can put where a file is expected. */
export const THINGS: Readonly<Record<string, (place: string, outside: string) => void>> = {
  'a link to the same bytes elsewhere': moveOut,
  'a link into nothing': (place) => replace(place, () => symlinkSync('/nowhere/at/all', place)),
  'a link to itself': (place) => replace(place, () => symlinkSync(path.basename(place), place)),
  'a folder': (place) => replace(place, () => mkdirSync(place)),
  'a pipe': (place) => replace(place, () => execFileSync('mkfifo', [place])),
  'a socket': (place) => replace(place, () => makeSocket(place)),
};

/** A link takes the place of a file or folder, which stands outside from now on. */
export function moveOut(place: string, outside: string): void {
  const moved = path.join(outside, path.basename(place));
  renameSync(place, moved);
  symlinkSync(moved, place);
}

function replace(place: string, make: () => void): void {
  rmSync(place, { recursive: true });
  make();
}

/** A socket stays as a file when its owner is killed. */
function makeSocket(place: string): void {
  const listen = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', listen, path.basename(place)], { cwd: path.dirname(place) });
}
