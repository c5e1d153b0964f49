import type Sqlite from 'node:sqlite';

/** node:sqlite, loaded only when it is needed, because most commands open no database. Node warns that it is experimental; only that warning is hidden. */
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
