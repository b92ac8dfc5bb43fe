import { RequestTable } from "../../packages/host/src/supervisor/request-table.js";

const table = new RequestTable<string>();

/** Number of the first request to every guest. */
export const INITIALIZE = table.add("initialize");
table.take(INITIALIZE);

/** Number of the second one: the first call, when nothing else is asked of the guest. */
export const CALL = table.add("call");
table.take(CALL);

/** Numbers of the requests that come next, while the call is running and after it. */
export const LATER: readonly number[] = Array.from({ length: 64 }, (_, at) => {
  const id = table.add("later");
  if (at % 2 === 0) table.take(id);
  return id;
}).filter((id) => id !== CALL);
