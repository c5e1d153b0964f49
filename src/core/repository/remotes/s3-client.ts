import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { RemoteSettings } from '../../model/category.ts';
import { fromS3Error, isBroken, statusOf } from './s3-errors.ts';
import { endpointOf, type RemoteContext } from './remote.ts';
import type { FilePart } from './s3-part.ts';
import { guardTransport } from './s3-transport.ts';

/** How often the SDK sends a request, and how often we do where it does not. */
const ATTEMPTS = 5;
export const OWN_ATTEMPTS = 3;
const CONNECT_MS = 10_000;
/** How long nothing may come or go. A slow upload is not silent. */
const SILENCE_MS = 60_000;
const SOCKETS = 48;

type Send = S3Client['send'];

/** A bucket and its client. Every request goes through `call`, which repeats what the SDK does not and gives errors our names. */
export class S3Bucket {
  readonly bucket: string;
  readonly prefix: string;
  readonly place: string;
  readonly sendsChecksums: boolean;
  readonly #client: S3Client;
  readonly #signal: AbortSignal | undefined;
  readonly #parts = new WeakMap<object, FilePart>();
  /** How far the clock of the server is ahead of ours. */
  #aheadMs = 0;

  private constructor(
    where: { bucket: string; prefix: string; place: string },
    client: S3Client,
    settings: RemoteSettings,
    context: RemoteContext,
  ) {
    this.bucket = where.bucket;
    this.prefix = where.prefix;
    this.place = where.place;
    this.sendsChecksums = settings.checksums !== 'none';
    this.#client = client;
    this.#signal = context.signal;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { response } = result;
        const headers =
          typeof response === 'object' && response !== null && 'headers' in response ? response.headers : {};
        const date = typeof headers === 'object' && headers !== null && 'date' in headers ? headers.date : undefined;
        const time = typeof date === 'string' ? Date.parse(date) : Number.NaN;
        if (!Number.isNaN(time)) this.#aheadMs = time - Date.now();
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'clockOfTheServer' },
    );
    // The SHA-256 that a request states is also the one that it is signed with: it need not be computed again.
    client.middlewareStack.add(
      (next) => (args) => {
        const { input, request } = args;
        const stated = 'Body' in input && 'ChecksumSHA256' in input ? input.ChecksumSHA256 : undefined;
        const sha256 = this.#partOf(request)?.sha256 ?? (stated === undefined ? null : Buffer.from(stated, 'base64'));
        const hasHeaders = typeof request === 'object' && request !== null && 'headers' in request;
        if (sha256 !== null && hasHeaders)
          Object.assign(request.headers ?? {}, { 'x-amz-content-sha256': sha256.toString('hex') });
        return next(args);
      },
      { step: 'build', name: 'knownHash' },
    );
    // Within the SDK's attempts: each reads the part anew.
    client.middlewareStack.add(
      (next) => async (args) => {
        const part = this.#partOf(args.request);
        if (part === undefined) return next(args);
        const body = part.body();
        const request = Object.assign(Object.create(Object.getPrototypeOf(args.request)), args.request, { body });
        try {
          return await next({ ...args, request });
        } finally {
          body.destroy();
        }
      },
      { step: 'finalizeRequest', priority: 'low', name: 'partOfFile' },
    );
  }

  /** Requests throw USAGE for plain http to another machine, unless that is allowed. */
  static open(
    where: { bucket: string; prefix: string; place: string },
    settings: RemoteSettings,
    allowsPlainHttp: boolean,
    context: RemoteContext,
  ): S3Bucket {
    const { env } = process;
    const given = endpointOf(settings);
    const region = settings.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
    const options: S3ClientConfig = {
      maxAttempts: ATTEMPTS,
      forcePathStyle: settings.pathStyle ?? given !== undefined,
      // We state the SHA-256 of what we send ourselves.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        socketTimeout: SILENCE_MS,
        httpAgent: { keepAlive: true, maxSockets: SOCKETS },
        httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
      },
      ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
      ...(settings.profile === undefined ? {} : { profile: settings.profile }),
      // Servers that are not AWS accept any region, but a request cannot be signed without one.
      ...(region === undefined ? (given === undefined ? {} : { region: 'us-east-1' }) : { region }),
    };
    let client: S3Client;
    try {
      client = new S3Client(options);
      guardTransport(client, { place: where.place, allowsPlainHttp, signal: context.signal });
    } catch (error) {
      throw fromS3Error(error, 'the set-up', where.place);
    }
    return new S3Bucket(where, client, settings, context);
  }

  /** What a request has as its `Body` so that it sends a part of a file. */
  bodyOf(part: FilePart): Buffer {
    const body = Buffer.alloc(0);
    this.#parts.set(body, part);
    return body;
  }

  #partOf(request: unknown): FilePart | undefined {
    const body = typeof request === 'object' && request !== null && 'body' in request ? request.body : null;
    return typeof body === 'object' && body !== null ? this.#parts.get(body) : undefined;
  }

  now(): Date {
    return new Date(Date.now() + this.#aheadMs);
  }

  key(name: string): string {
    return this.prefix === '' ? name : `${this.prefix}/${name}`;
  }

  /** The name of an object below the prefix; null if a server lists one that is not there. */
  nameOf(key: string | undefined): string | null {
    const start = this.key('');
    return key?.startsWith(start) === true ? key.slice(start.length) : null;
  }

  /** @param request the name of the operation, for messages */
  async call<T>(request: string, work: (send: Send, how: { abortSignal?: AbortSignal }) => Promise<T>): Promise<T> {
    const how = this.#signal === undefined ? {} : { abortSignal: this.#signal };
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(this.#client.send.bind(this.#client), how);
      } catch (error) {
        const again = attempt < OWN_ATTEMPTS && isBroken(error) && this.#signal?.aborted !== true;
        if (!again) throw fromS3Error(error, request, this.place, this.#signal);
        await sleep(200 * attempt);
      }
    }
  }

  /** The answer, or null if there is no such object. */
  async callOrNull<T>(
    request: string,
    work: (send: Send, how: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T | null> {
    const seen: unknown[] = [];
    try {
      return await this.call(request, (send, how) =>
        work(send, how).catch((error: unknown) => {
          seen.push(error);
          throw error;
        }),
      );
    } catch (error) {
      const last = seen.at(-1);
      const name = last instanceof Error ? last.name : '';
      if (statusOf(last) === 404 && name !== 'NoSuchBucket') return null;
      throw error;
    }
  }

  close(): void {
    this.#client.destroy();
  }
}
