import { config, z } from 'zod';

// zod would compile each schema to code when it is first used: a run uses most of them once, and compiling costs more than it saves.
config({ jitless: true });

export { z };
