/**
 * `npm run s3-server`: a real S3 server on loopback for trying things out, as the tests of remotes start it. It prints what a client needs, and runs until
 * Ctrl-C. Everything is in memory and gone then.
 *   npm run --silent s3-server -- 9000    on this port
 */
import { keysOf, startGateway } from '../test/servers/s3/gateway.ts';
import { bringPrograms, CannotRun } from '../test/servers/s3/programs.ts';

try {
  const port = process.argv[2];
  const gateway = await startGateway(
    bringPrograms((line) => console.error(line)),
    port === undefined ? undefined : Number(port),
  );
  const { accessKeyId, secretAccessKey } = keysOf('owner');
  console.log(`export AWS_ENDPOINT_URL_S3=${gateway.endpoint} AWS_REGION=us-east-1`);
  console.log(`export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`);
  const end = (): void => void gateway[Symbol.asyncDispose]().then(() => process.exit());
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  console.error(`There is no S3 server: ${error.message}.`);
  process.exitCode = 1;
}
