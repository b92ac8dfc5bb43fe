import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      "@paddock/contract": source("packages/contract/src/index.ts"),
      "@paddock/host": source("packages/host/src/index.ts"),
      "@paddock/sdk": source("sdks/typescript/src/index.ts"),
    },
  },
  test: {
    include: ["packages/*/src/**/*.test.ts", "sdks/typescript/src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    pool: "forks",
  },
});
