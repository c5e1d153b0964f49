import { stripVTControlCharacters } from 'node:util';
import type { KnownCopy } from '../../core/model/list-report.ts';
import { plural } from '../../core/model/plural.ts';
import { escapeName } from '../../core/paths/names.ts';

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `512 B`, `10.1 KiB`, `2.0 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** `0.14 s`, `12 s`, `3 min 5 s`, from milliseconds. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes} min ${Math.floor(seconds % 60)} s`;
}

/** `just now`, `5 minutes ago`, `3 hours ago`, `12 days ago`; `3 hours ahead of the clock`. */
export function formatAge(then: Date, now: Date): string {
  const ms = now.getTime() - then.getTime();
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  const how = ms < 0 ? 'ahead of the clock' : 'ago';
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${plural(minutes, 'minute')} ${how}`;
  if (minutes < 60 * 48) return `${plural(Math.floor(minutes / 60), 'hour')} ${how}`;
  return `${plural(Math.floor(minutes / 60 / 24), 'day')} ${how}`;
}

/** Local time with its zone: `2026-11-23 07:38:00 UTC`. */
export function formatTime(time: Date): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  const clock = `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
  const zone = new Intl.DateTimeFormat('en', { timeZoneName: 'short' })
    .formatToParts(time)
    .find((part) => part.type === 'timeZoneName')?.value;
  return `${day} ${clock} ${zone ?? ''}`.trimEnd();
}

/** Where a copy is, since when, when it was last seen, and until when it is locked. */
export function sayCopy({ remote, pushedAt, seenAt, lockedUntil, missing }: KnownCopy): string {
  const now = new Date();
  const looked = seenAt === null ? null : formatAge(new Date(seenAt), now);
  if (missing) return `${escapeName(remote)}: not there any more (asked ${looked})`;
  const facts = [`pushed ${formatAge(new Date(pushedAt), now)}`];
  if (looked !== null) facts.push(`seen ${looked}`);
  if (lockedUntil !== null) {
    const isOver = Date.parse(lockedUntil) <= now.getTime();
    facts.push(`${isOver ? 'lock ended' : 'locked until'} ${lockedUntil.slice(0, 10)}`);
  }
  return `${escapeName(remote)} (${facts.join(', ')})`;
}

/** What a person wrote (a note, a tag), on one line and without colours: neither line breaks nor colours are part of what it says. */
export function formatText(text: string): string {
  return escapeName(stripVTControlCharacters(text).replaceAll(/\s+/g, ' ').trim());
}

/** Who signed, and with which key. */
export function saySigner({ principal, fingerprint }: { principal: string; fingerprint: string }): string {
  return `${escapeName(principal)}, ${fingerprint}`;
}
