/** A proxy between the program and the gateway that does to a request what networks and servers do: nothing of the program knows of it. */
import { once } from 'node:events';
import http from 'node:http';

/** A request as the API of S3 calls it. */
export interface S3Request {
  /** From 1, in the order in which requests arrive. */
  readonly number: number;
  readonly operation: string;
  /** The path, decoded: `/bucket/prefix/v1/…`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** What happens to a request. */
export type Fault =
  /** The connection is reset before the gateway sees the request. */
  | 'reset'
  /** The gateway does it, and the answer is lost. */
  | 'lost-answer'
  | 'unavailable'
  /** The answer is 200 with an error inside, as that of AWS may be. */
  | 'error-in-200'
  | 'expired'
  /** The answer breaks off in the middle of its body. */
  | 'cut-answer'
  | 'altered-answer'
  /** The connection breaks off in the middle of the body that is sent. */
  | 'cut-body'
  | 'altered-body'
  /** The answer states another checksum than the gateway does. */
  | 'other-checksum';

export interface FaultyProxy extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: readonly S3Request[];
  /** How often a fault happened. */
  readonly fired: number;
  /** Forgets requests and faults that came before. @param choose the fault of a request, if any; `after` is called when the gateway has answered it, and `sees` with what was sent */
  reset(
    choose?: (request: S3Request) => Fault | undefined,
    after?: (request: S3Request) => void,
    sees?: (request: S3Request, body: Buffer) => void,
  ): void;
}

/** @param method @param path without the query */
function operationOf(method: string, path: string, query: URLSearchParams): string {
  const onObject = /^\/[^/]+\/./.test(path);
  const has = (name: string): boolean => query.has(name);
  const names: readonly (readonly [boolean, string])[] = [
    [method === 'POST' && has('uploads'), 'CreateMultipartUpload'],
    [method === 'PUT' && has('partNumber'), 'UploadPart'],
    [method === 'POST' && has('uploadId'), 'CompleteMultipartUpload'],
    [method === 'DELETE' && has('uploadId'), 'AbortMultipartUpload'],
    [method === 'GET' && has('uploadId'), 'ListParts'],
    [method === 'GET' && has('uploads'), 'ListMultipartUploads'],
    [method === 'GET' && has('versions'), 'ListObjectVersions'],
    [method === 'PUT' && has('retention'), 'PutObjectRetention'],
    [method === 'GET' && has('retention'), 'GetObjectRetention'],
    [method === 'GET' && has('object-lock'), 'GetObjectLockConfiguration'],
    [method === 'GET' && has('versioning'), 'GetBucketVersioning'],
    [method === 'PUT', onObject ? 'PutObject' : 'CreateBucket'],
    [method === 'DELETE', 'DeleteObject'],
    [method === 'HEAD', onObject ? 'HeadObject' : 'HeadBucket'],
    [method === 'GET', onObject ? 'GetObject' : 'ListObjects'],
  ];
  return names.find(([is]) => is)?.[1] ?? `${method} ${query.toString()}`;
}

const error = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

/** Flips a bit in the middle. */
function altered(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.length >> 1;
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

async function bodyOf(message: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @param upstream `http://127.0.0.1:port` of the gateway */
export async function startFaultyProxy(upstream: string): Promise<FaultyProxy> {
  const to = new URL(upstream);
  const agent = new http.Agent({ keepAlive: true });
  let requests: S3Request[] = [];
  let fired = 0;
  let choose: ((request: S3Request) => Fault | undefined) | undefined;
  let after: ((request: S3Request) => void) | undefined;
  let sees: ((request: S3Request, body: Buffer) => void) | undefined;

  const note = (message: http.IncomingMessage): S3Request => {
    const url = new URL(message.url ?? '/', upstream);
    const operation = operationOf(message.method ?? '', url.pathname, url.searchParams);
    const request = {
      number: requests.length + 1,
      operation,
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
    };
    requests.push(request);
    return request;
  };

  const forward = async (
    message: http.IncomingMessage,
    body: Buffer,
  ): Promise<{ answer: http.IncomingMessage; bytes: Buffer }> => {
    const { method, url, headers } = message;
    const sent = http.request({ agent, host: to.hostname, port: to.port, method, path: url, headers });
    sent.end(body);
    const [answer]: http.IncomingMessage[] = await once(sent, 'response');
    if (answer === undefined) throw new Error('the gateway did not answer');
    return { answer, bytes: await bodyOf(answer) };
  };

  /** Sends the first half of the body to the gateway, and breaks off on both sides. */
  const cutBody = async (message: http.IncomingMessage, body: Buffer): Promise<void> => {
    const { method, url, headers } = message;
    const sent = http.request({ host: to.hostname, port: to.port, method, path: url, headers });
    sent.on('error', () => {});
    await new Promise<unknown>((resolve) => sent.write(body.subarray(0, body.length >> 1), resolve));
    sent.destroy();
    message.socket.destroy();
  };

  const refuse = (response: http.ServerResponse, status: number, body: string): void => {
    response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };

  const take = async (message: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const request = note(message);
    const fault = choose?.(request);
    if (fault !== undefined) fired++;
    if (fault === 'reset') {
      message.socket.resetAndDestroy();
      return;
    }
    const body = await bodyOf(message);
    sees?.(request, body);
    if (fault === 'unavailable') return refuse(response, 503, error('SlowDown', 'Reduce your request rate.'));
    if (fault === 'expired') return refuse(response, 400, error('ExpiredToken', 'The provided token has expired.'));
    if (fault === 'error-in-200')
      return refuse(response, 200, error('InternalError', 'We encountered an internal error. Please try again.'));
    if (fault === 'cut-body') return cutBody(message, body);
    const { answer, bytes } = await forward(message, fault === 'altered-body' ? altered(body) : body);
    after?.(request);
    if (fault === 'lost-answer') {
      message.socket.resetAndDestroy();
      return;
    }
    const headers = { ...answer.headers };
    if (fault === 'other-checksum' && headers['x-amz-checksum-sha256'] !== undefined)
      headers['x-amz-checksum-sha256'] = String(headers['x-amz-checksum-sha256']).replace(/^./, (first) =>
        first === 'A' ? 'B' : 'A',
      );
    response.writeHead(answer.statusCode ?? 500, headers);
    if (fault === 'cut-answer') {
      response.write(bytes.subarray(0, bytes.length >> 1), () => message.socket.destroy());
      return;
    }
    response.end(fault === 'altered-answer' ? altered(bytes) : bytes);
  };

  const server = http.createServer((message, response) => {
    // A client that was killed is not there any more to be told.
    response.on('error', () => {});
    message.on('error', () => {});
    take(message, response).catch(() => message.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    get requests() {
      return requests;
    },
    get fired() {
      return fired;
    },
    reset(nextChoose, nextAfter, nextSees) {
      requests = [];
      fired = 0;
      choose = nextChoose;
      after = nextAfter;
      sees = nextSees;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      agent.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
