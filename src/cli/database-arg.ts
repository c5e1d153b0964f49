import { Args } from '@oclif/core';

/** The one way to name a database. */
export const databaseArg = (what: string) =>
  Args.string({
    description: `${what}: a path, or BACKUP:category/source, or BACKUP:path of it`,
    required: true,
  });
