import { expect, test } from 'vitest';
import { compareCode, compiledCodeOf, withoutMetadata, type CompiledCode } from '../../src/core/chain/contract-code.ts';

const METADATA = `a2646970667358221220${'ab'.repeat(32)}64736f6c63430008180033`;
const ZERO = '0'.repeat(64);

function compiled(artifact: object): CompiledCode {
  const code = compiledCodeOf(artifact);
  if (code === null) throw new Error('the artifact has no code');
  return code;
}

function match(onChain: string, artifact: object): string {
  return compareCode(Buffer.from(onChain, 'hex'), compiled(artifact));
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
  const artifact = { deployedBytecode: `0x6001${METADATA}` };
  expect(match(`6001${METADATA.replaceAll('ab', 'cd')}`, artifact)).toBe('same');
  expect(match('6001', artifact)).toBe('same');
  expect(match(`6002${METADATA}`, artifact)).toBe('differs');
  expect(match(`600100${METADATA}`, artifact)).toBe('differs');
});

test('an end that only looks like metadata is code', () => {
  // A map of one key that is none of solc's; one that is too long; one without a map.
  for (const end of ['a163616263004000450006', `a2${'64697066735822'.padEnd(600, '0')}012c`, '64697066730005'])
    expect(withoutMetadata(Buffer.from(`6001${end}`, 'hex')).toString('hex'), end).toBe(`6001${end}`);
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
  expect(match(`60017f${value}600260ff`, { ...artifact, immutableReferences: { 3: [{ start: 4, length: 31 }] } })).toBe(
    'differs',
  );
});

test('places of immutables that are not ones are passed over', () => {
  const immutableReferences = { a: [{ start: -1, length: 5 }, { start: 0, length: 1e300 }, null, 'x'], b: 7 };
  expect(match('6002', { deployedBytecode: '0x6001', immutableReferences })).toBe('differs');
  expect(match('6001', { deployedBytecode: '0x6001', immutableReferences })).toBe('same');
});

test('values that Vyper puts behind the code, in whole words, count as such', () => {
  const artifact = { deployedBytecode: '0x60016002' };
  expect(match(`60016002${'12'.repeat(32)}`, artifact)).toBe('same-but-immutables');
  expect(match(`60016002${'12'.repeat(31)}`, artifact)).toBe('differs');
  expect(match(`60016003${'12'.repeat(32)}`, artifact)).toBe('differs');
});

test('libraries that are not linked, and the own address of a library, are masked', () => {
  const address = '34'.repeat(20);
  const modern = `__$${'a1'.repeat(17)}$__`;
  const old = '__contracts/Lib.sol:Lib'.padEnd(40, '_');
  for (const place of [modern, old]) {
    expect(place).toHaveLength(40);
    expect(match(`6001${address}6002`, { deployedBytecode: `0x6001${place}6002` }), place).toBe('same');
    expect(match(`6001${address}6003`, { deployedBytecode: `0x6001${place}6002` }), place).toBe('differs');
  }
  const library = { deployedBytecode: `0x73${'0'.repeat(40)}30146080` };
  expect(match(`73${address}30146080`, library)).toBe('same');
  expect(match(`73${address}30146081`, library)).toBe('differs');
});
