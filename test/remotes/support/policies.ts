/** The policies of docs/remotes.md, as a reader of that page copies them. */
import { readFileSync } from 'node:fs';

const PAGE = new URL('../../../docs/remotes.md', import.meta.url);

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: string;
}

/** @param name the heading before the policy: `### The pusher` */
export function statementsFor(name: string, bucket: string): readonly Statement[] {
  const page = readFileSync(PAGE, 'utf8');
  const at = page.indexOf(`\n${name}`);
  const found = /```json\n([^]*?)```/.exec(page.slice(at));
  if (at === -1 || found === null) throw new Error(`docs/remotes.md has no policy for ${name}`);
  const policy: { Statement: readonly Statement[] } = JSON.parse((found[1] ?? '').replaceAll('my-backups', bucket));
  return policy.Statement;
}

/** The same in the policy of a bucket, for a user of its server. */
export function grantedTo(user: string, statements: readonly Statement[]): readonly object[] {
  return statements
    .filter(({ Action }) => Action.length > 0)
    .map((statement) => ({ ...statement, Principal: { AWS: [`arn:aws:iam:::user/${user}`] } }));
}
