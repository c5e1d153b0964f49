import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Real processes and real folders: forks keep one file's working folder and signals away from another's.
    pool: 'forks',
    // vitest leaves one core for itself; most tests wait for processes.
    maxWorkers: 2,
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'html'] },
  },
});
