import { adHocSignature, checkSignature, signatureSize, type CheckedDirectory } from './code-signature.ts';
import { LC_CODE_SIGNATURE, parseMachO, segmentOf, TYPE_EXECUTE, type MachO } from './mach-o.ts';

const SIGNATURE_COMMAND_SIZE = 16;
/** arm64's pages; a segment's size in memory is a multiple of them. */
const VM_PAGE = 0x4000;

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

/** Appends LC_CODE_SIGNATURE to the load commands, in place, and returns where it is. */
function addSignatureCommand(file: Buffer, { commandCount, commandsEnd, firstSection }: MachO): number {
  const room = file.subarray(commandsEnd, commandsEnd + SIGNATURE_COMMAND_SIZE);
  if (commandsEnd + SIGNATURE_COMMAND_SIZE > firstSection || room.some((byte) => byte !== 0)) {
    throw new Error('no room for one more load command');
  }
  file.writeUInt32LE(commandCount + 1, 16);
  file.writeUInt32LE(file.readUInt32LE(20) + SIGNATURE_COMMAND_SIZE, 20);
  file.writeUInt32LE(LC_CODE_SIGNATURE, commandsEnd);
  file.writeUInt32LE(SIGNATURE_COMMAND_SIZE, commandsEnd + 4);
  return commandsEnd;
}

/** A copy of a Mach-O executable with an ad-hoc signature in place of any it had. */
export function signAdHoc(original: Buffer, identifier: string): Buffer {
  const machO = parseMachO(original);
  const linkEdit = segmentOf(machO, '__LINKEDIT');
  if (machO.segments.at(-1) !== linkEdit) throw new Error('__LINKEDIT is not the last segment');
  const codeEnd = machO.signature?.offset ?? linkEdit.fileOffset + linkEdit.fileSize;
  const signatureAt = roundUp(codeEnd, 16);
  const size = signatureSize(identifier, signatureAt);

  const signed = Buffer.alloc(signatureAt + size);
  original.copy(signed, 0, 0, codeEnd);
  const command = machO.signature?.command ?? addSignatureCommand(signed, machO);
  signed.writeUInt32LE(signatureAt, command + 8);
  signed.writeUInt32LE(size, command + 12);
  // The signature lies in __LINKEDIT, which grows (or shrinks) with it.
  const linkEditSize = signed.length - linkEdit.fileOffset;
  signed.writeBigUInt64LE(BigInt(roundUp(linkEditSize, VM_PAGE)), linkEdit.command + 32);
  signed.writeBigUInt64LE(BigInt(linkEditSize), linkEdit.command + 48);

  const text = segmentOf(machO, '__TEXT');
  adHocSignature({
    identifier,
    code: signed.subarray(0, signatureAt),
    textOffset: text.fileOffset,
    textSize: text.fileSize,
    isMainBinary: machO.fileType === TYPE_EXECUTE,
  }).copy(signed, signatureAt);
  return signed;
}

/**
 * What is wrong with the signature of a Mach-O file, one sentence each; empty if it is whole. This checks what macOS checks of an ad-hoc
 * signature: its place, and that every page is what was signed.
 */
export function signatureFaults(file: Buffer): string[] {
  const machO = parseMachO(file);
  const { signature } = machO;
  if (signature === undefined) return ['it has no signature'];
  const linkEdit = segmentOf(machO, '__LINKEDIT');
  const faults: string[] = [];
  if (signature.offset + signature.size !== file.length) faults.push('the signature does not end with the file');
  if (linkEdit.fileOffset + linkEdit.fileSize !== file.length) faults.push('__LINKEDIT does not end with the file');
  const bytes = file.subarray(signature.offset, signature.offset + signature.size);
  const directories: CheckedDirectory[] = checkSignature(bytes, file);
  if (directories.length === 0) faults.push('the signature has no code directory');
  for (const { codeSize, badPages } of directories) {
    if (codeSize !== signature.offset) faults.push(`${codeSize} bytes are signed, not ${signature.offset}`);
    if (badPages.length > 0) faults.push(`pages ${badPages.join(', ')} are not what was signed`);
  }
  return faults;
}
