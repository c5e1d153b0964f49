import { expect, test } from 'vitest';
import {
  compareCode,
  compiledCodeOf,
  hasBrokenCode,
  withoutMetadata,
  type CompiledCode,
} from '../../src/core/chain/contract-code.ts';

const METADATA = `a2646970667358221220${'ab'.repeat(32)}64736f6c63430008180033`;
const ZERO = '0'.repeat(64);

function compiled(artifact: object): CompiledCode {
  const code = compiledCodeOf(artifact);
  if (code === null) throw new Error('the artifact has no code');
  return code;
}

const ADDRESS = `0x${'34'.repeat(20)}`;

function match(onChain: string, artifact: object): string {
  return compareCode(Buffer.from(onChain, 'hex'), compiled(artifact), ADDRESS);
}

test.each([
  ['hardhat', { deployedBytecode: '0x6001' }],
  ['without 0x', { deployedBytecode: '6001' }],
  ['solc and rocketh', { evm: { deployedBytecode: { object: '6001' } } }],
  ['foundry', { deployedBytecode: { object: '0x6001' } }],
])('the code of an artifact of %s is found', (_, artifact) => {
  expect(compiled(artifact).bytes.toString('hex')).toBe('6001');
});

test.each([
  null,
  'text',
  [],
  {},
  { deployedBytecode: '0x' },
  { deployedBytecode: '0x600' },
  { deployedBytecode: 'zz' },
  { deployedBytecode: 5 },
  { bytecode: '0x6001' },
])('%j has no code to compare', (artifact) => {
  expect(compiledCodeOf(artifact)).toBeNull();
});

test('metadata at the end does not count, and everything before it does', () => {
  const artifact = { deployedBytecode: `0x6001fe${METADATA}` };
  expect(match(`6001fe${METADATA.replaceAll('ab', 'cd')}`, artifact)).toBe('same');
  expect(match('6001fe', artifact)).toBe('same');
  expect(match(`6002fe${METADATA}`, artifact)).toBe('differs');
  expect(match(`600100fe${METADATA}`, artifact)).toBe('differs');
});

test.each([
  ['of solc 0.4', `00a165627a7a72305820${'ab'.repeat(32)}0029`, true],
  ['without a hash', 'fea164736f6c6343000818000a', true],
  ['of an experimental compiler', `fea26c6578706572696d656e74616cf564736f6c63430008180018`, true],
  ['nothing ends the code before it', `60${METADATA}`, false],
  ['a key that solc does not write', 'fea1636162630040000600', false],
  ['a key of solc in bytes', 'fea14464736f6c43000818000b', false],
  ['more than the map', `fea164736f6c634300081800ff000b`, false],
  ['less than the map says', `fea264736f6c6343000818000a`, false],
  ['no map', 'fe64736f6c6343000818000a', false],
  ['a length beyond the code', 'fea164736f6c63430008180fff', false],
])('an end is metadata only if it is all of it: %s', (_, end, isMetadata) => {
  const code = Buffer.from(`6001${end}`, 'hex');
  expect(withoutMetadata(code).length < code.length).toBe(isMetadata);
});

test('a code of one byte, or none, has no metadata', () => {
  expect(withoutMetadata(Buffer.alloc(0))).toHaveLength(0);
  expect(withoutMetadata(Buffer.from('ff', 'hex'))).toHaveLength(1);
});

test('a value of the constructor counts only in its place', () => {
  const artifact = { deployedBytecode: `0x60017f${ZERO}600260ff` };
  const value = '12'.repeat(32);
  expect(match(`60017f${value}600260ff`, artifact)).toBe('same-but-immutables');
  expect(match(`60017f${ZERO}600260ff`, artifact)).toBe('same');
  expect(match(`60017f${value}600360ff`, artifact)).toBe('differs');
  const stated = { ...artifact, immutableReferences: { 3: [{ start: 3, length: 32 }] } };
  expect(match(`60017f${value}600260ff`, stated)).toBe('same');
  expect(match(`60017f${value}600260ff`, { ...artifact, immutableReferences: {} })).toBe('differs');
});

test.each([
  [{ start: 0, length: 1e6 }],
  [{ start: -1, length: 5 }],
  [{ start: 4, length: 31 }],
  [{ start: 0, length: 1e300 }],
  [null],
  ['x'],
])('a place of immutables where the compiler left no room is none: %j', (span) => {
  const artifact = { deployedBytecode: `0x60017f${ZERO}600260ff`, immutableReferences: { a: [span], b: 7 } };
  expect(match(`60017f${'12'.repeat(32)}600260ff`, artifact)).toBe('differs');
  expect(match(`60017f${ZERO}600260ff`, artifact)).toBe('same');
});

test('values behind the code count for Vyper alone, in whole words', () => {
  const artifact = { _format: 'hh-vyper-artifact-1', deployedBytecode: '0x60016002' };
  expect(match(`60016002${'12'.repeat(32)}`, artifact)).toBe('same-but-immutables');
  expect(match(`60016002${'12'.repeat(31)}`, artifact)).toBe('differs');
  expect(match(`60016003${'12'.repeat(32)}`, artifact)).toBe('differs');
  expect(match(`60016002${'12'.repeat(32)}`, { deployedBytecode: '0x60016002' })).toBe('differs');
});

test('libraries that are not linked are masked, unless the record names them', () => {
  const address = '34'.repeat(20);
  const modern = `__$${'a1'.repeat(17)}$__`;
  const old = '__contracts/Lib.sol:Lib'.padEnd(40, '_');
  for (const place of [modern, old]) {
    expect(place).toHaveLength(40);
    const artifact = { deployedBytecode: `0x6001${place}6002` };
    expect(match(`6001${address}6002`, artifact), place).toBe('same');
    expect(match(`6001${address}6003`, artifact), place).toBe('differs');
    expect(match(`6001${address}6002`, { ...artifact, libraries: { Lib: `0x${address.toUpperCase()}` } })).toBe('same');
    expect(match(`6001${address}6002`, { ...artifact, libraries: { Lib: `0x${'56'.repeat(20)}` } })).toBe('differs');
  }
});

test('a library has its own address, and no other', () => {
  const library = { deployedBytecode: `0x73${'0'.repeat(40)}30146080` };
  expect(match(`73${ADDRESS.slice(2)}30146080`, library)).toBe('same');
  expect(match(`73${ADDRESS.slice(2)}30146081`, library)).toBe('differs');
  expect(match(`73${'56'.repeat(20)}30146080`, library)).toBe('differs');
});

test.each([
  ['0xzz', true],
  ['0x608', true],
  ['0x', false],
  ['0x6001', false],
])('%s is code that cannot be read: %s', (deployedBytecode, isBroken) => {
  expect(hasBrokenCode({ deployedBytecode })).toBe(isBroken);
});
