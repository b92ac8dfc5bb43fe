import { describe } from "vitest";
import { describeProtocol } from "../../../native/launch-stub-protocol.js";
import { launchStubPath } from "../../../native/run-launch-stub.js";

// User-mode emulation has no seccomp filters and no namespaces of its own: those parts are tested on the machine itself.
describe("the launch stub for arm64, emulated", () => {
  describeProtocol(["/usr/bin/qemu-aarch64-static", launchStubPath("arm64")]);
});
