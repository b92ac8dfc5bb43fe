export { createTestHost, type TestHostOptions } from "./create-test-host.js";
export type { OtherPlugin } from "./memory-broker.js";
export type { MemoryHostOptions } from "./memory-host.js";
export type { SandboxHostOptions } from "./sandbox-host.js";
export type {
  Recorded,
  RecordedCall,
  RecordedEvent,
  RecordedLog,
  RecordedProgress,
  RecordedRequest,
  TestCallOptions,
  TestEventOptions,
  TestHost,
} from "./test-host.js";
