/** `archiver.ts FOLDER OUT`: the folder as archiver's `directory()` packs it, through Node's zstd, and the hash of each file. */
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { TarArchive } from 'archiver';
import { hashAll } from './hash-all.ts';

const [folder = '', out = ''] = process.argv.slice(2);
const archive = new TarArchive();
archive.directory(folder, path.basename(folder));
const level = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } };
const packing = pipeline(archive, zlib.createZstdCompress(level), fs.createWriteStream(path.join(out, 'a.tar.zst')));
await Promise.all([packing, archive.finalize()]);
hashAll(folder, path.join(out, 'sums'));
