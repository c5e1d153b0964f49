import type fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { namesIn } from '../fs/names-in.ts';
import { BackupError } from '../model/backup-error.ts';
import { escapeName } from '../paths/names.ts';
import type { Engine } from '../databases/engine.ts';
import { engineOf, partNames, recogniseFile, type DatabaseAt } from '../databases/engines.ts';
import { parentOf, toNative } from '../paths/paths.ts';

/** Which files that are to be moved are databases, with parts that move along. */
export class LiveDatabases {
  readonly #root: string;
  readonly #known: ReadonlyMap<string, Engine>;
  /** The folder that was listed last, and the databases whose parts it would hold, by their names. */
  #folder: string | null = null;
  #parts = new Map<string, { readonly engine: Engine; readonly part: string }[]>();

  /** @param known databases of the backup */
  constructor(root: string, known: readonly DatabaseAt[]) {
    this.#root = root;
    this.#known = new Map(known.map(({ path, engine }) => [path, engineOf(engine)]));
  }

  /**
   * The engine of a database of the backup or of one that is live now; null: it is none. Also of a file that is none itself, that is gone, or that
   * cannot be read, if a part of one lies beside it: that would be taken for a part of whatever comes there.
   * @param size in bytes; null: there is no file now
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

  /** What belongs to a database and stands there. A folder in the place of a part is none, nor is a file that is called so and cannot be one. */
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

/** A part whose database file the backup does not have is not brought beside another one. */
export function besideAnother(part: string, database: string): BackupError {
  return new BackupError(
    'UNSAFE_TARGET',
    `${escapeName(part)} belongs to a database whose file the backup does not have, and ${escapeName(database)} is another one`,
    {
      hint: 'Nothing was changed. Move that database away first, or add --exact, which removes it; --only leaves out what you do not want.',
      path: part,
    },
  );
}
