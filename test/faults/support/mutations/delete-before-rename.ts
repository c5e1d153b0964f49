/** A named defect, for `node --import`: a backup is emptied first, and gets the name of a dead one afterwards. */
import fs from 'node:fs';
import path from 'node:path';

const rename = fs.renameSync;
fs.renameSync = (from, to) => {
  if (path.basename(String(to)).startsWith('.dead-'))
    for (const name of fs.readdirSync(from)) fs.rmSync(path.join(String(from), name), { recursive: true });
  rename(from, to);
};
