/** release/migbackup-<this platform>: one executable that needs no Node. */
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { licenseTexts } from './licenses.ts';
import { buildBinary, removeWork } from './release/binary.ts';
import { hostTarget, root } from './release/targets.ts';

const target = hostTarget();
if (target === undefined) throw new Error(`there is no binary for ${process.platform}-${process.arch}`);
const { file, packages } = await buildBinary(target, { codeCache: true });
writeFileSync(path.join(root, 'release/LICENSES.txt'), licenseTexts(packages));
removeWork();
console.log(`${path.relative(root, file)}  ${statSync(file).size} bytes`);
