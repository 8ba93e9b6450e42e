/**
 * Mutation run over the code that decides (`make mutation`): each small change of it must be noticed by a unit test. Bounded: unit tests only, two at a
 * time, about a quarter of an hour. Not a part of the tests that are run on every change.
 */
export default {
  packageManager: 'npm',
  // Nothing of it is rewritten: the runner asks for an older compiler's interface to do so.
  tsconfigFile: 'none.json',
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  mutate: [
    'src/apiserver/authenticate/{authenticator,bearer,impersonate,static-tokens}.ts',
    'src/apiserver/authorize/*.ts',
    'src/apiserver/admission/*.ts',
    'src/apiserver/handlers/deletion.ts',
    'src/apiserver/subresources/proxy.ts',
    'src/controllers/deployment/rolling-update.ts',
    'src/kubelet/admission.ts',
    'src/scheduler/plugins/node-ports.ts',
    '!src/**/*.test.ts',
    '!src/**/testing.ts',
  ],
  // Decisions, not words: texts and names are held by the tables, at a third of all mutants.
  mutator: { excludedMutations: ['Regex', 'StringLiteral'] },
  ignoreStatic: true,
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 3000,
  timeoutFactor: 2,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: false, reportScoreTable: true },
  thresholds: { high: 90, low: 80, break: 75 },
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  ignorePatterns: ['dist', 'docs', 'test', 'k8ts-data', 'coverage'],
};
