import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { truncateSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openReader, type FileReader } from '../../../src/core/fs/readable-file.ts';
import { FilePart } from '../../../src/core/repository/remotes/s3-part.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

/** A part of a file as it comes to a server. */

const SIZE = 3_000_001;
const FROM = 1_000_000;
const MOST = 8 << 20;
const bytes = Buffer.alloc(SIZE, 'of a file that is larger than what is sent at once ');
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

let temp: TempFolder;
let file: string;
let reader: FileReader;
let server: http.Server;
let got: { bytes: number; sha256: string; isWhole: boolean };
/** Resolves when the server has seen the end of a request, whole or not. */
let seen: PromiseWithResolvers<void>;
/** Answer before all has come. */
let isHasty: boolean;

beforeEach(async () => {
  temp = tempFolder();
  file = path.join(temp.path, 'archive');
  writeFileSync(file, bytes);
  reader = openReader(file);
  seen = Promise.withResolvers();
  isHasty = false;
  server = http.createServer((request, response) => {
    const hash = createHash('sha256');
    got = { bytes: 0, sha256: '', isWhole: false };
    if (isHasty) {
      request.pause();
      response.writeHead(403).end();
      return;
    }
    request.on('data', (piece: Buffer) => {
      got.bytes += piece.length;
      hash.update(piece);
    });
    request.on('close', () => {
      got = { bytes: got.bytes, sha256: hash.digest('hex'), isWhole: request.complete };
      response.end();
      seen.resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  reader.close();
  server.closeAllConnections();
  server.close();
  temp[Symbol.dispose]();
});

const partOf = (from: number, size = SIZE, most = MOST): FilePart =>
  new FilePart(
    { file, name: 'archive', size, sha256: sha256(bytes), open: () => openReader(file) },
    reader,
    from,
    most,
    null,
  );

function requestFor({ length }: FilePart): http.ClientRequest {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return http.request({ port, host: '127.0.0.1', method: 'PUT', headers: { 'content-length': length } });
}

test('each attempt sends the same bytes, and they are those that were hashed', async () => {
  const part = partOf(FROM);
  expect(part.sha256.toString('hex')).toBe(sha256(bytes.subarray(FROM)));
  for (let attempt = 1; attempt <= 2; attempt++) {
    const request = requestFor(part);
    part.body().pipe(request);
    const [response]: http.IncomingMessage[] = await once(request, 'response');
    response?.resume();
    expect(got).toEqual({ bytes: SIZE - FROM, sha256: sha256(bytes.subarray(FROM)), isWhole: true });
  }
});

test.each([
  ['has other bytes', () => writeFileSync(file, Buffer.alloc(SIZE, 'other'), { flag: 'r+' })],
  ['became shorter', () => truncateSync(file, SIZE - 1)],
])('a part that %s since it was hashed does not come whole', async (_, change) => {
  const part = partOf(0);
  change();
  const request = requestFor(part);
  const failed = once(request, 'error');
  part.body().pipe(request);
  expect(await failed).toMatchObject([{ code: 'BACKUP_DAMAGED' }]);
  await seen.promise;
  expect(got.isWhole).toBe(false);
});

test('nothing is read for a request that was answered early', async () => {
  isHasty = true;
  // More than the system takes for a server that does not read.
  const size = 64 << 20;
  truncateSync(file, size);
  const part = partOf(0, size, size);
  const request = requestFor(part);
  const body = part.body();
  request.on('error', () => {});
  body.pipe(request);
  await once(request, 'response');
  body.destroy();
  let reads = 0;
  Object.assign(part, { read: () => reads++ });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(request.destroyed).toBe(true);
  expect(reads).toBe(0);
});
