import { isObject, own, ownText, pointerTo } from './json.ts';
import { chainIdOf, type Found, type Registry } from './registry.ts';

/**
 * A run of a Foundry script (crates/script-sequence, `ScriptSequence`): `transactions` with what each created, `receipts`, `chain`. A run on several
 * chains has one such sequence for each in `deployments`. What was not sent (`hash` is null, as in dry-run/) or was reverted created nothing.
 */
export function readFoundry(path: string, value: unknown): Registry | null {
  const several = own(value, 'deployments');
  if (Array.isArray(several)) {
    if (several.length === 0 || !several.every(isSequence)) return null;
    const found = several.flatMap((sequence: unknown, at) => created(sequence, ['deployments', at]));
    return { format: 'foundry', path, found };
  }
  if (!isSequence(value)) return null;
  const chainId = chainIdOf(own(value, 'chain'));
  return { format: 'foundry', path, chainId, found: created(value, []) };
}

function isSequence(value: unknown): boolean {
  return isObject(value) && Array.isArray(own(value, 'transactions')) && Array.isArray(own(value, 'receipts'));
}

function created(sequence: unknown, at: readonly (string | number)[]): Found[] {
  const chainId = chainIdOf(own(sequence, 'chain'));
  const reverted = new Set(
    listOf(own(sequence, 'receipts'))
      .filter((receipt) => /^0x0+$/.test(ownText(receipt, 'status') ?? ''))
      .map((receipt) => ownText(receipt, 'transactionHash')),
  );
  return listOf(own(sequence, 'transactions')).flatMap((transaction, number): Found[] => {
    const hash = ownText(transaction, 'hash');
    if (hash === undefined || reverted.has(hash)) return [];
    const here = [...at, 'transactions', number];
    const isCreation = ['CREATE', 'CREATE2'].includes(ownText(transaction, 'transactionType') ?? '');
    const own1 = isCreation ? [record(transaction, own(transaction, 'contractAddress'), chainId, here)] : [];
    const more = listOf(own(transaction, 'additionalContracts')).map((contract, index) =>
      record(contract, own(contract, 'address'), chainId, [...here, 'additionalContracts', index]),
    );
    return [...own1, ...more].filter(({ address }) => address !== undefined && address !== null);
  });
}

function record(
  contract: unknown,
  address: unknown,
  chainId: string | undefined,
  at: readonly (string | number)[],
): Found {
  return { name: ownText(contract, 'contractName') ?? null, address, chainId, pointer: pointerTo(...at) };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
