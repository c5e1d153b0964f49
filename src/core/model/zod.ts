import { config, z } from 'zod';

// By default zod compiles each schema to code when it is first used. A run uses most schemas once, so compiling would cost more than it saves.
config({ jitless: true });

export { z };
