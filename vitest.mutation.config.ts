import { defineConfig } from 'vitest/config';

/** The unit tests that the mutation run repeats: those beside the code that decides. */
export default defineConfig({
  test: {
    include: [
      'src/apiserver/{admission,authenticate,authorize,handlers,subresources}/**/*.test.ts',
      'src/controllers/deployment/rolling-update.test.ts',
      'src/kubelet/admission.test.ts',
      'src/scheduler/plugins/*.test.ts',
    ],
    testTimeout: 15_000,
    // Decisions are pure: modules are read once, not for every mutant.
    isolate: false,
    pool: 'threads',
  },
});
