import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseMachO } from '../../scripts/release/mach-o.ts';
import { signAdHoc, signatureFaults } from '../../scripts/release/sign-mach-o.ts';
import { root } from '../../scripts/release/targets.ts';

/** A real Mach-O library for two processors: classic-level's prebuilt addon, signed by its linker. */
const universal = readFileSync(
  path.join(root, 'node_modules/classic-level/prebuilds/darwin-x64+arm64/classic-level.node'),
);
const ARM64 = 0x0100000c;

/** One processor's part of a universal file. Layout: <mach-o/fat.h>. */
function slice(processor: number): Buffer {
  const count = universal.readUInt32BE(4);
  for (let index = 0; index < count; index++) {
    const entry = universal.subarray(8 + index * 20);
    const [offset, size] = [entry.readUInt32BE(8), entry.readUInt32BE(12)];
    if (entry.readUInt32BE(0) === processor) return Buffer.from(universal.subarray(offset, offset + size));
  }
  throw new Error('no such processor');
}

test("the checker agrees with a signature that Apple's linker made", () => {
  expect(signatureFaults(slice(ARM64))).toEqual([]);
});

test('signed again it is whole, whatever signature it had', () => {
  const signed = signAdHoc(slice(ARM64), 'migbackup');
  expect(signatureFaults(signed)).toEqual([]);
  expect(signed.includes('migbackup\0')).toBe(true);
  expect(signAdHoc(signed, 'migbackup').equals(signed)).toBe(true);
});

test('a changed byte is found, on its page, and so is a byte behind the end', () => {
  const signed = signAdHoc(slice(ARM64), 'migbackup');
  const changed = Buffer.from(signed);
  changed.writeUInt8((changed.readUInt8(5 * 4096) + 1) % 256, 5 * 4096);
  expect(signatureFaults(changed)).toEqual(['pages 5 are not what was signed']);
  expect(signatureFaults(Buffer.concat([signed, Buffer.alloc(1)]))).toContain(
    'the signature does not end with the file',
  );
});

test('a file without a signature gets one, if there is room for its load command', () => {
  const unsigned = slice(ARM64);
  const { signature, commandCount, commandsEnd } = parseMachO(unsigned);
  // The linker puts LC_CODE_SIGNATURE last, so taking it away is taking 16 bytes off the end of the commands.
  expect(signature?.command).toBe(commandsEnd - 16);
  unsigned.writeUInt32LE(commandCount - 1, 16);
  unsigned.writeUInt32LE(commandsEnd - 32 - 16, 20);
  unsigned.fill(0, commandsEnd - 16, commandsEnd);
  expect(signatureFaults(unsigned)).toEqual(['it has no signature']);
  expect(signatureFaults(signAdHoc(unsigned, 'migbackup'))).toEqual([]);
  unsigned.writeUInt8(1, commandsEnd - 1);
  expect(() => signAdHoc(unsigned, 'migbackup')).toThrow('no room');
});

test('only a thin Mach-O file is signed', () => {
  expect(() => signAdHoc(universal, 'migbackup')).toThrow('not a thin 64-bit Mach-O file');
});
