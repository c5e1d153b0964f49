import { BackupError, errnoOf } from '../../model/backup-error.ts';
import { escapeName, shorten } from '../../paths/names.ts';

/** What an error of the SDK has. */
interface ServiceError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

function isError(error: unknown): error is ServiceError {
  return error instanceof Error;
}

/** The HTTP status of an answer; undefined if there was none. */
export function statusOf(error: unknown): number | undefined {
  return isError(error) ? error.$metadata?.httpStatusCode : undefined;
}

export function nameOf(error: unknown): string {
  if (!isError(error)) return '';
  return typeof error.Code === 'string' ? error.Code : error.name;
}

/** The right that a request needs, as policies call it. */
const RIGHTS: Readonly<Record<string, string>> = {
  HeadBucket: 's3:ListBucket',
  // Without s3:ListBucket an object that is not there is answered with 403.
  HeadObject: 's3:GetObject or s3:ListBucket',
  GetObject: 's3:GetObject and s3:GetObjectVersion',
  PutObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  ListObjectVersions: 's3:ListBucketVersions',
  ListObjectsV2: 's3:ListBucket',
  PutObjectRetention: 's3:PutObjectRetention',
  DeleteObject: 's3:DeleteObject and s3:DeleteObjectVersion',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
};

const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired']);
const CLOCK = new Set(['RequestTimeTooSkewed', 'RequestTimeTooSkewedException']);
const UNKNOWN = new Set(['InvalidAccessKeyId', 'InvalidToken', 'SignatureDoesNotMatch', 'InvalidClientTokenId']);
/** Of AWS: the bucket is somewhere else than the request was signed for. */
const ELSEWHERE = new Set(['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed']);
const FULL = new Set(['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull', 'InsufficientCapacity']);
/** Of the system and of Node's HTTP: the request did not come through, or its answer broke off. */
const NETWORK =
  /^(E(CONN\w+|PIPE|HOST\w+|NET\w+|AI_\w+|PROTO|TIMEDOUT)|ENOTFOUND|EAI_AGAIN|CERT_\w+|DEPTH_ZERO\w*|UNABLE_TO_\w+|ERR_TLS\w*|ERR_SSL\w*|SELF_SIGNED\w*)$/;

/** What to do after that, where something was being sent. */
function continues(request: string): string {
  const isSending = /^(Put|Upload|Complete|Create)/.test(request);
  return isSending ? ' What was sent is kept, and the next run goes on from there.' : '';
}

/** Whether a request that failed may succeed if it is repeated, though the SDK does not repeat it. */
export function isBroken(error: unknown): boolean {
  const name = nameOf(error);
  if (name === 'XAmzContentSHA256Mismatch' || name === 'BadDigest' || name === 'IncompleteBody') return true;
  if (name === 'RequestTimeout') return true;
  const code = errnoOf(error) ?? '';
  return (
    name === 'BrokenBody' || NETWORK.test(code) || (isError(error) && /^(aborted|socket hang up)$/.test(error.message))
  );
}

/**
 * The error of a request to S3, as one of a remote.
 * @param request the name of the operation: `PutObject`
 * @param place of the remote
 */
export function fromS3Error(error: unknown, request: string, place: string, signal?: AbortSignal): unknown {
  if (error instanceof BackupError || !isError(error)) return error;
  const about = { path: place, cause: error };
  const shown = escapeName(place);
  const name = nameOf(error);
  const goesOn = continues(request);
  const make = (code: 'REMOTE_DENIED' | 'REMOTE_UNREACHABLE' | 'REMOTE_FAILED', what: string, hint: string) =>
    new BackupError(code, what, { hint, ...about });
  if (signal?.aborted === true)
    return new BackupError(
      'INTERRUPTED',
      goesOn === '' ? 'interrupted' : `interrupted; what ${shown} has of this backup stays there`,
      {
        hint: 'Run the same command again when you are ready; it goes on where it stopped.',
      },
    );
  if (error.name === 'CredentialsProviderError' || error.name === 'TokenProviderError')
    return make(
      'REMOTE_DENIED',
      `there are no credentials for ${shown}: ${shorten(escapeName(error.message))}`,
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile in the config or in AWS_PROFILE.',
    );
  // The SDK has no name for it.
  if (/^Region (is missing|not accepted)/.test(error.message))
    return new BackupError('USAGE', `there is no usable region for ${shown}`, {
      hint: 'Add "region" to the remote in the config, or set AWS_REGION. A server that is not AWS takes any, such as us-east-1.',
      ...about,
    });
  if (EXPIRED.has(name))
    return make('REMOTE_DENIED', `the credentials for ${shown} have expired`, `Renew them.${goesOn}`);
  if (CLOCK.has(name) || (statusOf(error) === 403 && isSkewed(error)))
    return make(
      'REMOTE_DENIED',
      `${shown} refuses the time of this machine, ${new Date().toISOString()}`,
      `Set the clock of this machine.${goesOn}`,
    );
  if (UNKNOWN.has(name))
    return make(
      'REMOTE_DENIED',
      `${shown} does not accept the credentials (${name})`,
      `Check which key and secret, profile and endpoint are used.${goesOn}`,
    );
  if (name === 'NoSuchBucket')
    return make(
      'REMOTE_FAILED',
      `there is no bucket for ${shown}`,
      'Make the bucket, or correct the URL and the region.',
    );
  if (ELSEWHERE.has(name) || [301, 307].includes(statusOf(error) ?? 0))
    return make(
      'REMOTE_FAILED',
      `the bucket of ${shown} is in another region (${name})`,
      'Correct "region" in the config of the remote, or AWS_REGION, and the endpoint.',
    );
  if (FULL.has(name) || statusOf(error) === 507)
    return new BackupError('NO_SPACE', `no space is left on the remote ${shown} (${name})`, {
      hint: `Free some space there or raise its quota.${goesOn}`,
      ...about,
    });
  if (statusOf(error) === 403 || statusOf(error) === 401)
    return make(
      'REMOTE_DENIED',
      `${shown} refused ${request}: the right ${RIGHTS[request] ?? request} is missing, or the credentials are wrong`,
      `Give these credentials that right.${goesOn}`,
    );
  // The answer to a HEAD has no body that could say why. AWS gives this one where credentials have expired.
  if (request === 'HeadObject' && statusOf(error) === 400)
    return make(
      'REMOTE_DENIED',
      `${shown} refused HeadObject and gave no reason (400); the credentials may have expired`,
      `Renew them if they have.${goesOn}`,
    );
  if (isUnanswered(error))
    return make(
      'REMOTE_UNREACHABLE',
      `${shown} did not answer ${request} (${shorten(escapeName(unanswered(error)))})`,
      `Check the network and the endpoint.${goesOn}`,
    );
  const answered = [statusOf(error), name].filter((word) => word !== undefined).join(' ');
  return make(
    'REMOTE_FAILED',
    `${shown} answered ${request} with an error (${answered}): ${shorten(escapeName(error.message))}`,
    `Look at the server.${goesOn}`,
  );
}

function isSkewed({ message }: ServiceError): boolean {
  return /too skewed|time too|difference between the request time/i.test(message);
}

function isUnanswered(error: ServiceError): boolean {
  const status = statusOf(error);
  return status === undefined || status === 408 || status === 429 || status >= 500 || isBroken(error);
}

function unanswered(error: ServiceError): string {
  return errnoOf(error) ?? (error.message === '' ? error.name : error.message);
}
