import { hash as oneShotHash } from 'node:crypto';
import type { Json } from '../records/json.ts';

/** A text this short may stand anywhere by coincidence. */
export const TELLING_CHARACTERS = 16;

const MAX_KEY_TEXTS = 10_000;

/** SHA-256 as 32 characters of Latin-1. */
export type TreeHash = string;

/** Where the hasher is: keys of objects as text, positions in lists as numbers. */
export type TreePath = readonly (string | number)[];

/**
 * Hashes JSON values so that two have the same hash if they are the same but for the order of keys and spacing. The hash of an object or list is made of
 * the hashes in it, so that each of its subtrees costs one hash.
 */
export class TreeHasher {
  readonly #onNode: ((hash: TreeHash, value: Json, path: TreePath) => void) | undefined;
  readonly #texts: boolean;
  readonly #path: (string | number)[] = [];
  readonly #keyTexts = new Map<string, string>();

  /**
   * @param onNode gets each object and list, and the value itself, whatever it is
   * @param texts whether it also gets texts in them that are too long to stand there by coincidence
   */
  constructor(onNode?: (hash: TreeHash, value: Json, path: TreePath) => void, texts = false) {
    this.#onNode = onNode;
    this.#texts = texts;
  }

  hash(value: Json): TreeHash {
    this.#path.length = 0;
    if (typeof value === 'object' && value !== null) return this.#node(value);
    const hash = oneShotHash('sha256', JSON.stringify(value), 'binary');
    this.#onNode?.(hash, value, this.#path);
    return hash;
  }

  #node(value: object & Json): TreeHash {
    let text = '';
    if (isObject(value))
      for (const key of Object.keys(value).sort())
        text += `${text === '' ? '' : ','}${this.#keyText(key)}:${this.#inner(key, value[key] ?? null)}`;
    else for (const [at, inner] of value.entries()) text += `${at === 0 ? '' : ','}${this.#inner(at, inner)}`;
    const hash = oneShotHash('sha256', isObject(value) ? `{${text}}` : `[${text}]`, 'binary');
    this.#onNode?.(hash, value, this.#path);
    return hash;
  }

  /** Most records have the same keys. */
  #keyText(key: string): string {
    const known = this.#keyTexts.get(key);
    if (known !== undefined) return known;
    const text = JSON.stringify(key);
    if (this.#keyTexts.size < MAX_KEY_TEXTS) this.#keyTexts.set(key, text);
    return text;
  }

  /** `#` begins no JSON text, and a hash has always the same length: no two values have the same text. */
  #inner(at: string | number, value: Json): string {
    if (typeof value !== 'object' || value === null) {
      const text = JSON.stringify(value);
      if (this.#texts && typeof value === 'string' && value.length >= TELLING_CHARACTERS) {
        this.#path.push(at);
        this.#onNode?.(oneShotHash('sha256', text, 'binary'), value, this.#path);
        this.#path.pop();
      }
      return text;
    }
    this.#path.push(at);
    const hash = this.#node(value);
    this.#path.pop();
    return `#${hash}`;
  }
}

/** Whether an object or list is an object. */
export function isObject(value: object & Json): value is { readonly [key: string]: Json } {
  return !Array.isArray(value);
}

/** Whether a value says enough to be recognised wherever it stands. Others are recognised only as a whole document. */
export function isTelling(value: Json): boolean {
  if (typeof value === 'string') return value.length >= TELLING_CHARACTERS;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(
    (inner) =>
      (typeof inner === 'string' && inner.length > 2) ||
      (typeof inner === 'number' && Math.abs(inner) > 99) ||
      (typeof inner === 'object' && isTelling(inner)),
  );
}
