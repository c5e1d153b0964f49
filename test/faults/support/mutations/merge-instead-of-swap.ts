/** A named defect, for `node --import`: what is staged is copied to its place file by file and then removed, in place of one rename. */
import fs from 'node:fs';

const rename = fs.renameSync;

function merge(from: string, to: string): void {
  const stat = fs.lstatSync(from);
  if (stat.isDirectory()) {
    fs.mkdirSync(to, { recursive: true });
    for (const name of fs.readdirSync(from)) merge(`${from}/${name}`, `${to}/${name}`);
    fs.rmdirSync(from);
  } else if (stat.isSymbolicLink()) {
    fs.symlinkSync(fs.readlinkSync(from), to);
    fs.unlinkSync(from);
  } else {
    fs.writeFileSync(to, fs.readFileSync(from), { mode: stat.mode });
    fs.utimesSync(to, stat.atime, stat.mtime);
    fs.unlinkSync(from);
  }
}

fs.renameSync = (from, to) => {
  if (String(from).includes('/txn/stage/')) merge(String(from), String(to));
  else rename(from, to);
};
