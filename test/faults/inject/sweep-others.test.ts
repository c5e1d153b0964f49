import { declareSweep } from './declare-sweep.ts';

declareSweep('create');
declareSweep('prune');
declareSweep('recover: staged, no journal');
declareSweep('recover: half moved aside');
declareSweep('recover: half moved in');
declareSweep('recover: committed, not logged');
declareSweep('recover: guard killed, stale folders');
// What it shares with restore is swept there, call by call.
declareSweep('way back of guard', 5);
