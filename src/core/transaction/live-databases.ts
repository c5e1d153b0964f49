import type fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { namesIn } from '../fs/names-in.ts';
import { BackupError } from '../model/backup-error.ts';
import { escapeName } from '../paths/names.ts';
import type { Engine } from '../databases/engine.ts';
import { engineOf, partNames, recogniseFile, type DatabaseAt } from '../databases/engines.ts';
import { parentOf, toNative } from '../paths/paths.ts';

/** Says which files that will be moved are databases, with parts that move along. */
export class LiveDatabases {
  readonly #root: string;
  readonly #known: ReadonlyMap<string, Engine>;
  /** The folder that was listed last, and the databases whose parts it holds, judged by the names. */
  #folder: string | null = null;
  #parts = new Map<string, { readonly engine: Engine; readonly part: string }[]>();

  /** @param known databases of the backup */
  constructor(root: string, known: readonly DatabaseAt[]) {
    this.#root = root;
    this.#known = new Map(known.map(({ path, engine }) => [path, engineOf(engine)]));
  }

  /**
   * The engine of a database in the backup or live; null if the path is not a database. If a part lies beside a file that is not a database, is gone
   * or cannot be read, it also answers with an engine: otherwise that part would belong to whatever is put there.
   * @param size in bytes; null if there is no file now
   */
  engineAt(relative: string, size: bigint | null): Engine | null {
    const known = this.#known.get(relative);
    if (known !== undefined) return known;
    const native = toNative(this.#root, relative);
    const found = size === null ? null : recogniseFile(native, Number(size));
    return (
      found ?? this.#beside(relative).find(({ engine, part }) => engine.isPart(native + part, part))?.engine ?? null
    );
  }

  /** The parts of a database, and which of them exist. A folder with the name of a part does not count, nor does a file that cannot be a part. */
  parts(database: string, engine: Engine): { path: string; live: fs.BigIntStats | null; isVolatile: boolean }[] {
    return (engine.parts ?? []).map((part) => {
      const path = engine.pathOf(database, part);
      const native = toNative(this.#root, path);
      const live = lstatOrNull(native);
      const isPart =
        live?.isDirectory() !== true && (part === '' || live?.isFile() !== true || engine.mayBePart(native, part));
      return { path, live: isPart ? live : null, isVolatile: engine.isVolatile(part) };
    });
  }

  #beside(relative: string): readonly { readonly engine: Engine; readonly part: string }[] {
    const folder = parentOf(relative);
    if (folder !== this.#folder) {
      this.#parts = Map.groupBy(
        namesIn(toNative(this.#root, folder)).flatMap((name) => partNames(name)),
        ({ database }) => database,
      );
      this.#folder = folder;
    }
    return this.#parts.get(relative.slice(relative.lastIndexOf('/') + 1)) ?? [];
  }
}

/** The error for a part whose database file is not in the backup: it is not put beside another database. */
export function besideAnother(part: string, database: string): BackupError {
  return new BackupError(
    'UNSAFE_TARGET',
    `${escapeName(part)} belongs to a database whose file the backup does not have, and ${escapeName(database)} is another one`,
    {
      hint: 'Nothing was changed. Move that database away first, or add --exact to remove it, or select with --only what you want.',
      path: part,
    },
  );
}
