/** release/migbackup-<this platform>: one executable that needs no Node. */
import { rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { licenseTexts } from './licenses.ts';
import { buildBinary, removeWork } from './release/binary.ts';
import { hostTarget, root } from './release/targets.ts';

const target = hostTarget();
if (target === undefined) throw new Error(`there is no binary for ${process.platform}-${process.arch}`);
const { file, packages } = await buildBinary(target, { codeCache: true });
// Sums of an earlier release would be wrong from here on.
rmSync(path.join(root, 'release/SHA256SUMS'), { force: true });
writeFileSync(path.join(root, 'release/LICENSES.txt'), licenseTexts(packages));
removeWork();
console.log(`${path.relative(root, file)}  ${statSync(file).size} bytes`);
