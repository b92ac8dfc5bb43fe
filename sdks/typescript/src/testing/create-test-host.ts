import { createMemoryHost, type MemoryHostOptions } from "./memory-host.js";
import { createSandboxHost, type SandboxHostOptions } from "./sandbox-host.js";
import type { TestHost } from "./test-host.js";

export type TestHostOptions = MemoryHostOptions | SandboxHostOptions;

/**
 * A host for one plugin and the tests of its author. In memory it runs what `definePlugin` returned in this process:
 * at once, on every operating system, without walls and limits but for the time of a call. With `{ sandbox: true, folder }` it
 * runs the folder behind the walls of a real host. Close it when the test ends: `await using host = …`.
 */
export async function createTestHost(options: TestHostOptions): Promise<TestHost> {
  return options.sandbox === true ? createSandboxHost(options) : createMemoryHost(options);
}
