import { declareSweep } from './declare-sweep.ts';

declareSweep('undo');
