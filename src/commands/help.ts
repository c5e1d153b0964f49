import { loadHelpClass } from '@oclif/core';
import { commands } from '@oclif/plugin-help';

/** oclif's help command with the options that `--help` has: by itself it ignores those in package.json. */
export default class Help extends commands.help {
  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(commands.help);
    const Shown = await loadHelpClass(this.config);
    const options = { ...this.config.pjson.oclif.helpOptions, all: flags['nested-commands'] };
    await new Shown(this.config, options).showHelp(argv.map(String));
  }
}
