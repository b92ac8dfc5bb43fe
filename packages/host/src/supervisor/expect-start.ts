import type { Call, CallOwner } from "./call.js";
import { notReady } from "./call-errors.js";
import type { Deadlines } from "./deadlines.js";

/** The caller's deadline covers the start of the guest; the start itself goes on for the next caller. */
export function expectStart(call: Call, deadlines: Deadlines): void {
  const { request } = call;
  const waiting: CallOwner = {
    onReply: () => undefined,
    onExpired: () => call.reject(notReady(request.action, request.timeoutMs)),
    onAbandoned: () => undefined,
  };
  call.owner = waiting;
  deadlines.add(call, call.startedAt + request.timeoutMs);
  const done = () => {
    // Once a guest has it, the deadline is the guest's.
    if (call.owner === waiting) deadlines.remove(call);
  };
  call.promise.then(done, done);
}
