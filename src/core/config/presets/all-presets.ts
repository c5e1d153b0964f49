import { anchor } from './anchor.ts';
import { brownie } from './brownie.ts';
import { cannon } from './cannon.ts';
import { databases } from './databases.ts';
import { drizzle } from './drizzle.ts';
import { everyProject } from './every-project.ts';
import { foundry } from './foundry.ts';
import { hardhatDeploy } from './hardhat-deploy.ts';
import { hardhat } from './hardhat.ts';
import { ignition } from './ignition.ts';
import { knex } from './knex.ts';
import { leveldbRegistry } from './leveldb-registry.ts';
import { move } from './move.ts';
import { openzeppelin } from './openzeppelin.ts';
import type { Preset } from './preset.ts';
import { prisma } from './prisma.ts';
import { registries } from './registries.ts';
import { safe } from './safe.ts';
import { starknet } from './starknet.ts';
import { truffle } from './truffle.ts';

/** Every preset, in the order in which they are shown. */
export const PRESETS: readonly Preset[] = [
  leveldbRegistry,
  hardhat,
  hardhatDeploy,
  ignition,
  openzeppelin,
  foundry,
  truffle,
  brownie,
  cannon,
  safe,
  registries,
  anchor,
  move,
  starknet,
  prisma,
  drizzle,
  knex,
  databases,
  everyProject,
];
