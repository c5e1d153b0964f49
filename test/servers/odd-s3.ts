import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface OddS3 extends AsyncDisposable {
  readonly origin: string;
  /** The lock of every version, as it is answered: the server can forget them. */
  keepsLocks: boolean;
}

interface Stored {
  readonly key: string;
  readonly versionId: string;
  readonly bytes: Buffer;
  readonly checksum: string | undefined;
  lock: { mode: string; until: string } | undefined;
}

/**
 * A server that speaks as much S3 as a small backup takes and does what real servers do only when they are odd: it says 200 to a lock and keeps none, its
 * clock is off, it lets anybody shorten a lock. test/remotes has a real server.
 * @param aheadMs how far its clock is ahead
 */
export async function serveOddS3({ keepsLocks = true, aheadMs = 0 } = {}): Promise<OddS3> {
  const stored: Stored[] = [];
  const odd = { keepsLocks };
  const server = createServer((request, response) => {
    response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
    void answer(stored, odd, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return Object.assign(odd, {
    origin: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function answer(
  stored: Stored[],
  odd: { keepsLocks: boolean },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://x');
  const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
  const header = (name: string): string | undefined => request.headers[name]?.toString();
  const version = url.searchParams.get('versionId');
  const found = stored.find((one) => one.key === key && (version === null || one.versionId === version));
  const bytes = await buffer(request);
  if (request.method === 'PUT' && !url.searchParams.has('retention')) {
    const versionId = randomBytes(8).toString('hex');
    const [mode, until] = [header('x-amz-object-lock-mode'), header('x-amz-object-lock-retain-until-date')];
    const lock = mode === undefined || until === undefined ? undefined : { mode, until };
    stored.unshift({ key, versionId, bytes, checksum: header('x-amz-checksum-sha256'), lock });
    response.setHeader('etag', etagOf(bytes)).setHeader('x-amz-version-id', versionId).end();
  } else if (request.method === 'PUT') {
    const [, mode, until] = /<Mode>(\w+)<.*<RetainUntilDate>([^<]+)</.exec(bytes.toString('utf8')) ?? [];
    if (odd.keepsLocks && found !== undefined && mode !== undefined && until !== undefined)
      found.lock = { mode, until };
    response.end();
  } else if (request.method === 'DELETE' && odd.keepsLocks && found?.lock !== undefined) response.writeHead(403).end();
  else if (request.method === 'DELETE') {
    if (found !== undefined) stored.splice(stored.indexOf(found), 1);
    response.writeHead(204).end();
  } else if (url.searchParams.has('versions')) response.end(listing(stored, url.searchParams.get('prefix') ?? ''));
  else if (url.searchParams.has('uploads')) response.end('<ListMultipartUploadsResult/>');
  else if (found === undefined) response.writeHead(404).end();
  else {
    response.setHeader('etag', etagOf(found.bytes)).setHeader('x-amz-version-id', found.versionId);
    if (found.checksum !== undefined) response.setHeader('x-amz-checksum-sha256', found.checksum);
    if (odd.keepsLocks && found.lock !== undefined)
      response
        .setHeader('x-amz-object-lock-mode', found.lock.mode)
        .setHeader('x-amz-object-lock-retain-until-date', found.lock.until);
    response.setHeader('content-length', found.bytes.length);
    response.end(request.method === 'HEAD' ? undefined : found.bytes);
  }
}

function listing(stored: readonly Stored[], prefix: string): string {
  const versions = stored
    .filter(({ key }) => key.startsWith(prefix))
    .map(
      ({ key, versionId, bytes }) =>
        `<Version><Key>${key}</Key><VersionId>${versionId}</VersionId><Size>${bytes.length}</Size><ETag>${etagOf(bytes)}</ETag>` +
        `<LastModified>${new Date().toISOString()}</LastModified></Version>`,
    );
  return `<ListVersionsResult><Name>bucket</Name><IsTruncated>false</IsTruncated>${versions.join('')}</ListVersionsResult>`;
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
