import { expect } from 'vitest';

/** One whole sentence, as tables in the documentation have it. */
export function expectSentence(text: string): void {
  expect(text).toMatch(/^[A-Z].*[^.]\.$/);
  expect(text).not.toMatch(/\. [A-Z]/);
}
