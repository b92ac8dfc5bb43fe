import assert from "node:assert/strict";
import { ERRORS, PaddockError } from "@paddock/contract";
import { createHost, isPaddockError } from "@paddock/host";
import { definePlugin, fail } from "@paddock/sdk";

for (const exported of [createHost, isPaddockError, definePlugin, fail, PaddockError]) {
  assert.equal(typeof exported, "function");
}
assert.ok("TIMEOUT" in ERRORS);
