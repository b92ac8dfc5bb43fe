import assert from "node:assert/strict";
import { ERRORS, PaddockError } from "@paddock/contract";
import { createFakeHost, createHost, definePoint, isPaddockError } from "@paddock/host";
import { definePlugin, fail } from "@paddock/sdk";
import { createTestHost } from "@paddock/sdk/testing";

const host = [createHost, createFakeHost, definePoint, isPaddockError];
for (const exported of [...host, definePlugin, fail, createTestHost, PaddockError]) {
  assert.equal(typeof exported, "function");
}
assert.ok("TIMEOUT" in ERRORS);
