/** @jest-config-loader esbuild-register */
import type { Config } from "jest";

const config: Config = {
  testMatch: ["<rootDir>/packages/*/src/**/*.test.ts"],
  testEnvironment: "node",
  globalSetup: "<rootDir>/.ci/jest/bundle-once.cjs",
  reporters: ["default", "<rootDir>/.ci/jest/skipped-reporter.cjs"],
  extensionsToTreatAsEsm: [],
  transform: {
    "^.+\\.tsx?$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
  modulePathIgnorePatterns: ["<rootDir>/bench/.work", "<rootDir>/cache"],
  testTimeout: 60_000,
};

export default config;
