import { expect, test } from 'vitest';
import { BackupError } from '../../../src/core/model/backup-error.ts';
import { fromS3Error } from '../../../src/core/repository/remotes/s3-errors.ts';

/** An error as the SDK throws it. */
function thrown(name: string, status?: number, message = 'a message of the server', code?: string): Error {
  const about = { name, ...(status !== undefined && { $metadata: { httpStatusCode: status } }), ...(code && { code }) };
  return Object.assign(new Error(message), about);
}

test.each<[what: string, error: Error, request: string, code: string, says: RegExp]>([
  ['no region', thrown('Error', undefined, 'Region is missing'), 'PutObject', 'USAGE', /no usable region/],
  ['another region', thrown('PermanentRedirect', 301), 'PutObject', 'REMOTE_FAILED', /another region/],
  ['another region, by HEAD', thrown('UnknownError', 301), 'HeadObject', 'REMOTE_FAILED', /another region/],
  [
    'a wrong signature scope',
    thrown('AuthorizationHeaderMalformed', 400),
    'PutObject',
    'REMOTE_FAILED',
    /another region/,
  ],
  ['no bucket', thrown('NoSuchBucket', 404), 'PutObject', 'REMOTE_FAILED', /no bucket/],
  ['a quota', thrown('QuotaExceeded', 403), 'PutObject', 'NO_SPACE', /no space is left/],
  ['a full server', thrown('UnknownError', 507), 'UploadPart', 'NO_SPACE', /no space is left/],
  ['no right', thrown('AccessDenied', 403), 'PutObjectRetention', 'REMOTE_DENIED', /s3:PutObjectRetention/],
  ['a clock', thrown('RequestTimeTooSkewed', 403), 'PutObject', 'REMOTE_DENIED', /refuses the time/],
  ['an expired token', thrown('ExpiredToken', 400), 'PutObject', 'REMOTE_DENIED', /have expired/],
  ['an unknown key', thrown('InvalidAccessKeyId', 403), 'PutObject', 'REMOTE_DENIED', /does not accept/],
  ['no credentials', thrown('CredentialsProviderError'), 'PutObject', 'REMOTE_DENIED', /no credentials/],
  ['nobody there', thrown('Error', undefined, 'x', 'ECONNREFUSED'), 'PutObject', 'REMOTE_UNREACHABLE', /ECONNREFUSED/],
  ['a certificate', thrown('Error', undefined, 'x', 'CERT_HAS_EXPIRED'), 'PutObject', 'REMOTE_UNREACHABLE', /CERT_/],
  ['a server that is busy', thrown('SlowDown', 503), 'PutObject', 'REMOTE_UNREACHABLE', /did not answer/],
  ['anything else', thrown('MalformedXML', 400), 'PutObject', 'REMOTE_FAILED', /400 MalformedXML/],
])('%s', (_, error, request, code, says) => {
  const mapped = fromS3Error(error, request, 's3://bucket');
  expect(mapped).toBeInstanceOf(BackupError);
  expect(mapped).toMatchObject({ code, message: expect.stringMatching(says), cause: error });
  expect(mapped).toMatchObject({ hint: expect.stringMatching(/^[A-Z].*\.$/) });
});
