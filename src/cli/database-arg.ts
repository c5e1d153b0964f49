import { Args, Flags } from '@oclif/core';

/** The one way to name a database. */
export const databaseArg = (what: string) =>
  Args.string({
    description: `${what}: a path, BACKUP:category/source or BACKUP:path`,
    required: true,
  });

/** `--latest` of a command that looks into databases. @param argument the argument that it changes */
export const latestDatabaseFlag = (argument: string) =>
  Flags.boolean({ summary: `${argument} is in the newest complete backup (the same as latest:${argument})` });

/** A database as args and flags name it. */
export const inLatest = (database: string, { latest }: { latest: boolean }): string =>
  latest ? `latest:${database}` : database;
