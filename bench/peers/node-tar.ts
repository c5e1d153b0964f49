/** `node-tar.ts FOLDER OUT`: the folder as node-tar's `create` packs it, through Node's zstd, and the hash of each file. */
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { create } from 'tar';
import { hashAll } from './hash-all.ts';

const [folder = '', out = ''] = process.argv.slice(2);
const packed = create({ cwd: path.dirname(path.resolve(folder)) }, [path.basename(folder)]);
const level = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } };
await pipeline(
  Readable.from(packed),
  zlib.createZstdCompress(level),
  fs.createWriteStream(path.join(out, 'a.tar.zst')),
);
hashAll(folder, path.join(out, 'sums'));
