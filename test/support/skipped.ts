/** The name of a test that is skipped where there is a reason: with it, so that the report says why. */
export function withReason(name: string, reason: string | null): string {
  return reason === null ? name : `${name} (${reason})`;
}
