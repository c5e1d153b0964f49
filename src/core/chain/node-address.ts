/** The URL of a node. Only its origin is ever shown: the rest may be a key. */
export class NodeAddress {
  /** Scheme, host and port. */
  readonly shown: string;
  /** As fetch takes it, without user and password. */
  readonly url: URL;
  /** The header that has user and password; none without them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly #hidden: readonly RegExp[];

  constructor(url: URL) {
    const { username, password } = url;
    const basic = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
    const hasUser = username !== '' || password !== '';
    this.shown = url.origin;
    this.url = Object.assign(new URL(url), { username: '', password: '' });
    this.headers = hasUser ? { authorization: `Basic ${basic}` } : {};
    this.#hidden = hiddenPartsOf(url, hasUser ? [password === '' ? username : password, basic] : []);
  }

  /** A text that comes from the node or the system, with `…` in place of what may be a key. */
  hide(text: string): string {
    return this.#hidden.reduce((rest, part) => rest.replaceAll(part, '…'), text);
  }
}

/** A part of a path that is shorter is no key, and hiding it would hide words. */
const SHORTEST_KEY = 6;

/**
 * What of a URL may be a key, as a node might repeat it: in any case, percent-encoded or not.
 * @param secrets are hidden however short they are
 */
function hiddenPartsOf({ username, pathname, search }: URL, secrets: readonly string[]): RegExp[] {
  const parts = [username, search.slice(1), ...search.slice(1).split(/[&=]/), ...pathname.split('/')];
  const all = [...secrets, ...parts.filter((part) => part.length >= SHORTEST_KEY)];
  const texts = new Set(all.flatMap((part) => [part, decoded(part)]));
  const longestFirst = [...texts].toSorted((a, b) => b.length - a.length);
  return longestFirst.map((text) => new RegExp(text.replaceAll(/[^\w]/g, String.raw`\$&`), 'gi'));
}

/** As it is, if it is not percent-encoded text. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
