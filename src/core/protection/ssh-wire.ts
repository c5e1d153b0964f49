/** Bytes with their length before them, as every field of an SSH format is. */
export function sshString(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([sshNumber(bytes.length), bytes]);
}

/** Four bytes, the highest first. */
export function sshNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** What is wrong with bytes of an SSH format, as the rest of a sentence. The caller knows what they are of. */
export class Malformed extends Error {}

/** Reads fields one after another. Throws Malformed. */
export class SshReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  raw(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new Malformed('is cut short');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(): number {
    return this.raw(4).readUInt32BE();
  }

  string(): Buffer {
    return this.raw(this.number());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new Malformed('has something behind its end');
  }
}

/** The bytes of base64, in lines or not. Throws Malformed unless they are written exactly as an encoder writes them. */
export function decodeBase64(text: string): Buffer {
  const packed = text.replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(packed, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== packed) throw new Malformed('is not base64');
  return bytes;
}
