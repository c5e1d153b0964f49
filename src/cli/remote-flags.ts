import { Flags } from '@oclif/core';

export const insecureFlag = Flags.boolean({ summary: 'Allow plain http to another machine' });

/** Of every command that reads backups. */
export const remoteFlag = Flags.string({
  summary: 'Read a copy in this remote: a name in the config, or a URL',
  helpValue: 'NAME',
});

/** Of the commands that read one backup. */
export const readRemoteFlags = {
  remote: remoteFlag,
  copy: Flags.string({
    summary: 'Of several copies of the backup, the one with this tag',
    helpValue: 'TAG',
    dependsOn: ['remote'],
  }),
  insecure: Flags.boolean({ summary: 'Allow plain http to another machine', dependsOn: ['remote'] }),
};

interface ReadRemote {
  readonly remote: string | undefined;
  readonly copy: string | undefined;
  readonly insecure: boolean;
}

/** Which copy these flags mean; undefined for a backup of this machine. @param whole whether all of it is fetched first */
export function fromRemote({ remote, copy, insecure }: ReadRemote, whole: boolean) {
  return remote === undefined ? undefined : { remote, copy, insecure, whole };
}
