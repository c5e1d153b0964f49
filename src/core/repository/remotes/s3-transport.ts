import { addAbortSignal, pipeline, Transform, type Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { BackupError } from '../../model/backup-error.ts';
import { escapeName } from '../../paths/names.ts';

/** Far more than a page of a list has: 1,000 keys of 1,024 bytes, each some 1,500 bytes in XML. */
const MAX_ANSWER_BYTES = 16 << 20;
/** For a page of a list or an error. The body of an object may take as long as it takes. */
const ANSWER_MS = 10 * 60_000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;

interface Transport {
  readonly place: string;
  readonly allowsPlainHttp: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * What no request may do and no answer may be, wherever the endpoint comes from: plain http to another machine (USAGE), and an answer that never ends. A
 * signal ends an answer that is still coming.
 */
export function guardTransport(client: S3Client, { place, allowsPlainHttp, signal }: Transport): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { protocol, hostname } = targetOf(args.request);
      if (protocol === 'http:' && !allowsPlainHttp && !LOOPBACK.test(hostname)) throw plainHttp(hostname);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'noPlainHttp' },
  );
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        const response: { body?: unknown; statusCode?: unknown } = Object.assign(result.response ?? {});
        if (!isReadable(response.body)) return result;
        const isObject =
          commandName === 'GetObjectCommand' && response.statusCode !== undefined && Number(response.statusCode) < 300;
        const body = isObject ? response.body : bounded(response.body, place);
        response.body = signal === undefined ? body : addAbortSignal(signal, body);
        return result;
      },
    { step: 'deserialize', priority: 'low', name: 'boundedAnswer' },
  );
}

function targetOf(request: unknown): { protocol: string; hostname: string } {
  const { protocol, hostname }: { protocol?: unknown; hostname?: unknown } = Object.assign({}, request);
  return { protocol: String(protocol), hostname: String(hostname) };
}

function isReadable(body: unknown): body is Readable {
  return typeof body === 'object' && body !== null && 'pipe' in body && 'destroy' in body;
}

function bounded(body: Readable, place: string): Readable {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) done(endless(place));
      else done(null, chunk);
    },
  });
  const timer = setTimeout(() => limit.destroy(endless(place)), ANSWER_MS);
  // Who reads `limit` gets its error.
  pipeline(body, limit, () => clearTimeout(timer));
  return limit;
}

function endless(place: string): BackupError {
  return new BackupError('REMOTE_FAILED', `${escapeName(place)} gives an answer that does not end`, {
    hint: 'Check what answers at the endpoint.',
    path: place,
  });
}

function plainHttp(hostname: string): BackupError {
  return new BackupError(
    'USAGE',
    `${escapeName(hostname)} is asked by plain http, so anybody on the way could read the backup`,
    {
      hint: 'Use an endpoint with https, or add --insecure.',
    },
  );
}
