const assert = require("node:assert/strict");
const { PaddockError } = require("@paddock/contract");
const { createHost, isPaddockError } = require("@paddock/host");
const { definePlugin, fail } = require("@paddock/sdk");

for (const exported of [createHost, isPaddockError, definePlugin, fail, PaddockError]) {
  assert.equal(typeof exported, "function");
}
