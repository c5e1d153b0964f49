import type Sqlite from 'node:sqlite';

/** node:sqlite, loaded when it is needed: most commands open no database. Node says "experimental" when it loads it; only that line is held back. */
export function nodeSqlite(): typeof Sqlite {
  const emit = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes('SQLite is an experimental feature'))
      Reflect.apply(emit, process, [warning, ...rest]);
  };
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emit;
  }
}
