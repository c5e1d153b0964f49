import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isSigned, removeAuthenticode } from '../../scripts/release/authenticode.ts';
import { stripElf } from '../../scripts/release/elf.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** The smallest file that has the fields of a 64-bit Windows executable, and a certificate table of 16 bytes at its end. */
function signedExecutable(): Buffer {
  const pe = Buffer.alloc(0x200);
  pe.writeUInt32LE(0x80, 0x3c);
  pe.writeUInt32LE(0x4550, 0x80);
  pe.writeUInt16LE(0x20b, 0x98);
  pe.writeUInt32LE(0xbeef, 0x98 + 64);
  pe.writeUInt32LE(0x1f0, 0x98 + 144);
  pe.writeUInt32LE(0x10, 0x98 + 148);
  return pe;
}

test('an Authenticode signature is taken off, its directory entry and the checksum with it', () => {
  const signed = signedExecutable();
  expect(isSigned(signed)).toBe(true);
  const unsigned = removeAuthenticode(signed);
  expect(unsigned).toHaveLength(0x1f0);
  expect(isSigned(unsigned)).toBe(false);
  expect(unsigned.readUInt32LE(0x98 + 64)).toBe(0);
  expect(removeAuthenticode(unsigned)).toBe(unsigned);
});

test('a signature that is not at the end, and another kind of file, are refused', () => {
  expect(() => removeAuthenticode(Buffer.concat([signedExecutable(), Buffer.alloc(8)]))).toThrow('not at the end');
  expect(() => removeAuthenticode(Buffer.alloc(0x200))).toThrow('not a 64-bit Windows executable');
});

test.skipIf(process.platform !== 'linux')('Node without its symbols is smaller and runs (on Linux)', () => {
  using folder = tempFolder();
  const node = readFileSync(process.execPath);
  const stripped = stripElf(node);
  expect(stripped.length).toBeLessThan(node.length);
  const file = path.join(folder.path, 'node');
  writeFileSync(file, stripped);
  chmodSync(file, 0o755);
  expect(spawnSync(file, ['-p', '6 * 7'], { encoding: 'utf8' }).stdout).toBe('42\n');
  // Nothing more to take: it is its own stripped form.
  expect(stripElf(stripped).equals(stripped)).toBe(true);
});

test('what is no 64-bit ELF file is refused', () => {
  expect(() => stripElf(Buffer.alloc(64))).toThrow('not a 64-bit little-endian ELF file');
});
