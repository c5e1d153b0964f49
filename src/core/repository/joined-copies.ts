import path from 'node:path';
import { ARTIFACTS_FILE } from '../format/layout.ts';
import { hashIfReadable } from '../fs/hash-file.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Config } from '../model/category.ts';
import type { KnownCopy } from '../model/list-report.ts';
import { copyName, laterOf, type CopyLog, type PushedRecord } from './pushed-copies.ts';
import { isCopyOf, tagOf } from './remotes/commit.ts';
import { chooseRemotes } from './remotes/open-remote.ts';
import { lookFor, readSeen, type Look } from './remotes/seen-copies.ts';

/** Copies in remotes, as far as that is known without asking one. */
export interface KnownCopies {
  /** Of a backup that is in this folder. */
  of(backup: { readonly id: string; readonly folder: string }): KnownCopy[];
  /** Names of the remotes of the config in which none of these copies is, in its order. */
  remotesWithout(copies: readonly KnownCopy[]): string[];
}

/**
 * Joins what was pushed from here with what was seen in remotes since. A copy that another machine pushed counts if it has the content of the backup that
 * is here; one that was pushed from here counts also if the backup here was damaged meanwhile.
 * @param more remotes that are not in the config, by name with their places
 */
export function joinSeen(config: Config, log: CopyLog, more: ReadonlyMap<string, string>): KnownCopies {
  const placeOf = new Map([...placesIn(config), ...more]);
  const places = [...new Set([...placeOf.values(), ...log.pushed.map(({ place }) => place)])];
  const seen = places.map((place) => ({ place, seen: readSeen(place) }));
  const encrypted = new Set(
    [...placeOf].flatMap(([name, place]) => (config.remotes?.[name]?.encryptTo === undefined ? [] : [place])),
  );
  const pushed = Map.groupBy(log.pushed, ({ backupId }) => backupId);
  const nameOf = (place: string, logged: string): string => {
    const names = [...placeOf].flatMap(([name, at]) => (at === place ? [name] : []));
    if (names.includes(logged)) return logged;
    // A name that means another place now would mislead.
    return names[0] ?? (placeOf.has(logged) ? place : logged);
  };
  return {
    of({ id, folder }) {
      const records = pushed.get(id) ?? [];
      const looks = new Map(seen.map(({ place, seen: known }) => [place, lookFor(known, id)]));
      const copies = records.map((record): KnownCopy => ({
        ...sinceThen(record, looks.get(record.place) ?? null),
        remote: nameOf(record.place, record.remote),
      }));
      let own: string | null | undefined;
      const sha256 = (): string | null => (own ??= hashIfReadable(path.join(folder, ARTIFACTS_FILE)));
      for (const [place, look] of looks) {
        for (const [tag, { pushedAt, lockedUntil, content }] of look?.copies ?? []) {
          if (look === null || records.some((one) => one.place === place && one.tag === tag)) continue;
          if (look.at <= (log.removed.get(copyName(id, place, tag)) ?? '')) continue;
          const here = sha256();
          if (here === null || !isCopyOf({ tag, encryption: content === null ? null : { content } }, here)) continue;
          const remote = nameOf(place, place);
          copies.push({ remote, place, tag, pushedAt, lockedUntil, seenAt: look.at, missing: false });
        }
      }
      // Where copies are to be encrypted, a plain one does not count: nothing reads it.
      return copies.filter(({ place, tag }) => !encrypted.has(place) || tag !== tagOf(sha256() ?? ''));
    },
    remotesWithout(copies) {
      const there = new Set(copies.map(({ place }) => place));
      const names = [...Object.keys(config.remotes ?? {}), ...more.keys()];
      return [...new Set(names)].filter((name) => !there.has(placeOf.get(name) ?? ''));
    },
  };
}

/** What the log says of a copy, and what a later look adds to it. */
function sinceThen({ remote, place, tag, pushedAt, lockedUntil }: PushedRecord, look: Look | null): KnownCopy {
  const found = look?.copies.get(tag);
  const isLater = look !== null && Date.parse(look.at) > Date.parse(pushedAt);
  return {
    remote,
    place,
    tag,
    pushedAt,
    lockedUntil: laterOf(lockedUntil, found?.lockedUntil ?? null),
    seenAt: isLater ? look.at : null,
    missing: isLater && found === undefined,
  };
}

/** The remotes of the config by name. One whose URL cannot be used is left out: commands that ask it say why. */
function placesIn(config: Config): Map<string, string> {
  const places = new Map<string, string>();
  for (const name of Object.keys(config.remotes ?? {})) {
    try {
      for (const { key } of chooseRemotes(config, [name])) places.set(name, key);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
    }
  }
  return places;
}
