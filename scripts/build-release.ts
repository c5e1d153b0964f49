/** release/: the binaries of all platforms, the licences of what is in them, and SHA256SUMS over all. Runs on linux-x64. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { licenseTexts } from './licenses.ts';
import { buildBinary, removeWork } from './release/binary.ts';
import { root, targets } from './release/targets.ts';

/** With `npm run build:release -- --no-code-cache`, each build of a commit gives the same bytes. */
const codeCache = !process.argv.includes('--no-code-cache');
const release = path.join(root, 'release');

const files: string[] = [];
const packages = new Set<string>();
removeWork();
for (const target of targets) {
  const wanted = codeCache && target.name.startsWith('linux-');
  const binary = await buildBinary(target, { codeCache: wanted });
  files.push(binary.file);
  for (const folder of binary.packages) packages.add(folder);
  const note =
    wanted && !binary.codeCache ? '  without code cache: its Node does not run here (qemu-user is missing)' : '';
  console.log(`${path.basename(binary.file)}  ${statSync(binary.file).size} bytes${note}`);
}
const licenses = path.join(release, 'LICENSES.txt');
writeFileSync(licenses, licenseTexts([...packages].toSorted()));
removeWork();

const sums = [...files, licenses].map((file) => {
  const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
  return `${sum}  ${path.basename(file)}\n`;
});
const sumsFile = path.join(release, 'SHA256SUMS');
rmSync(sumsFile, { force: true });
writeFileSync(sumsFile, sums.join(''));
