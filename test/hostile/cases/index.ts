import type { HostileCase } from '../support/hostile-case.ts';
import { AIMED_CASES, CONTROL_CASES } from './aims.ts';
import { COMPRESSION_CASES } from './compression.ts';
import { DAMAGE_CASES } from './damage.ts';
import { LINK_CASES } from './links.ts';
import { COLLISION_CASES, NAME_CASES } from './names.ts';
import { PATH_CASES } from './paths.ts';
import { PAX_CASES } from './pax.ts';
import { TYPE_CASES } from './types.ts';

/** Every hostile archive, by kind. */
export const CASES: Readonly<Record<string, readonly HostileCase[]>> = {
  paths: PATH_CASES,
  links: LINK_CASES,
  'two members for one place': COLLISION_CASES,
  names: NAME_CASES,
  'types and modes': TYPE_CASES,
  damage: DAMAGE_CASES,
  'pax headers': PAX_CASES,
  compression: COMPRESSION_CASES,
  'aimed at migbackup and other programs': AIMED_CASES,
  'good backups': CONTROL_CASES,
};
