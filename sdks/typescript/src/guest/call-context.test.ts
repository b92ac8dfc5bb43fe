import { expect, test, vi } from "vitest";
import { CallContext, createPluginContext, type GuestState } from "./call-context.js";
import { Requests } from "./requests.js";

const send = vi.fn();

const state: GuestState = {
  tenant: "shop-7",
  config: { size: 64 },
  permissions: {},
  requests: new Requests(send),
  sink: { send, maxBytes: 65_536 },
  outbox: undefined,
};

test("the signal of a call is aborted by a cancel that came before anybody looked at it", () => {
  const context = new CallContext(state, 2, undefined);
  CallContext.cancel(context);
  expect(context.signal.aborted).toBe(true);
  expect(CallContext.isCancelled(context)).toBe(true);
});

test("the signal of a call is aborted by a cancel that comes later, and is always the same one", () => {
  const context = new CallContext(state, 2, undefined);
  const { signal } = context;
  expect(signal.aborted).toBe(false);
  CallContext.cancel(context);
  expect(signal.aborted).toBe(true);
  expect(context.signal).toBe(signal);
});

test("the deadline of a call is when its caller stops waiting", () => {
  vi.useFakeTimers({ now: 1_000 });
  expect(new CallContext(state, 2, 250).deadline).toBe(1_250);
  expect(new CallContext(state, 2, undefined).deadline).toBeUndefined();
  vi.useRealTimers();
});

test("the context of init names no call in what it asks for", () => {
  const { kv, log, tenant } = createPluginContext({ ...state, requests: fitting() });
  void kv.get("a");
  log.debug("b");
  expect(tenant).toBe("shop-7");
  expect(send.mock.calls.map(([line]) => JSON.parse(line).params)).toEqual([
    { key: "a" },
    { level: "debug", message: "b" },
  ]);
});

function fitting(): Requests {
  const requests = new Requests(send);
  requests.maxBytes = 65_536;
  return requests;
}

test("a call of a guest that serves every tenant says whose it is", () => {
  expect(new CallContext(state, 2, undefined, { tenant: "shop-9" }).tenant).toBe("shop-9");
  expect(new CallContext(state, 2, undefined, {}).tenant).toBe("shop-7");
});
