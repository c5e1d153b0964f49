import { BackupError } from '../model/backup-error.ts';
import type { AllowedSigner } from './allowed-signers.ts';
import type { Config } from '../model/category.ts';

/** Who has to have signed: one of these principals, or with `true` anybody whom the file names. */
export interface SignerRule {
  /** An allowed-signers file of OpenSSH. */
  readonly file: string;
  readonly required: true | readonly string[];
  /** What that file says, if it was read already. */
  readonly allowed?: readonly AllowedSigner[];
}

/** What a command line says of signers. */
export interface AskedSigners {
  readonly principals?: readonly string[] | undefined;
  readonly file?: string | undefined;
}

/**
 * What the command line asks for, otherwise what the config does; undefined if no signature is asked for. Throws USAGE or CONFIG_INVALID if it is not said
 * whose, and SIGNATURE_REFUSED if the config asked for one and is lost: then nobody is trusted.
 */
export function signerRule(config: Config, asked: AskedSigners = {}): SignerRule | undefined {
  const required = asked.principals ?? config.requireSignature;
  const file = asked.file ?? config.allowedSigners;
  if (asked.principals === undefined && config.requiredSignature === true) {
    throw new BackupError('SIGNATURE_REFUSED', 'the config asked for signatures, and it is gone or cannot be used', {
      hint: 'Bring it back from where you trust it, such as git, or name it with --config FILE. To ask for no signature any more, write one without requireSignature.',
    });
  }
  if (required === undefined) return undefined;
  if (file !== undefined) return { file, required };
  if (asked.principals !== undefined) {
    throw new BackupError('USAGE', '--require-signer does not say whose keys are allowed', {
      hint: 'Add --allowed-signers FILE, or allowedSigners in the config.',
    });
  }
  throw new BackupError('CONFIG_INVALID', 'requireSignature has no allowedSigners that says who may sign', {
    hint: 'Add allowedSigners, the path of an allowed-signers file of OpenSSH.',
    ...(config.file !== undefined && { path: config.file }),
  });
}
