/** @jest-config-loader esbuild-register */
import type { Config } from "jest";

const config: Config = {
  testMatch: ["<rootDir>/packages/*/src/**/*.test.ts"],
  testEnvironment: "node",
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
