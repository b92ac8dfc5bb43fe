import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { CountReporter } from "./scripts/count-reporter.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Tests for machines and emulators that only `npm run test:matrix` prepares. */
const MATRIX_TESTS = "**/*.matrix.test.ts";

export default defineConfig({
  resolve: {
    alias: {
      "@paddock/contract": path("packages/contract/src/index.ts"),
      "@paddock/host": path("packages/host/src/index.ts"),
      "@paddock/server": path("packages/server/src/index.ts"),
      "@paddock/sdk/guest-entry": path("sdks/typescript/dist/guest-entry.js"),
      "@paddock/sdk/testing": path("sdks/typescript/src/testing/index.ts"),
      "@paddock/sdk": path("sdks/typescript/src/index.ts"),
    },
  },
  test: {
    include: ["packages/*/src/**/*.test.ts", "sdks/typescript/src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, ...(process.env.PADDOCK_MATRIX === "1" ? [] : [MATRIX_TESTS])],
    globalSetup: ["test/guards/no-leaks.ts"],
    setupFiles: ["test/guards/no-warnings.ts"],
    reporters: ["default", new CountReporter()],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    pool: "forks",
    coverage: {
      enabled: process.env.CI === "true",
      include: [
        "packages/contract/src/**/*.ts",
        "packages/host/src/isolation/**/*.ts",
        "packages/host/src/permissions/**/*.ts",
      ],
      exclude: ["**/*.test.ts"],
      reportOnFailure: true,
      reporter: [["text", { skipFull: true }]],
      thresholds: {
        "packages/contract/src/**/*.ts": { lines: 90, branches: 80 },
        "packages/host/src/isolation/**/*.ts": { lines: 80, branches: 70 },
        "packages/host/src/permissions/**/*.ts": { lines: 95, branches: 90 },
      },
    },
  },
});
