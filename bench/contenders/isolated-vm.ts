import ivm from "isolated-vm";
import type { Contender } from "./contender.ts";

/** Another isolate of V8 on another thread of the same process: in-language isolation. */
export async function startIsolatedVm(): Promise<Contender> {
  const isolate = new ivm.Isolate({ memoryLimit: 128 });
  const context = await isolate.createContext();
  const echo = await context.eval("(payload) => payload", { reference: true });
  return {
    name: "isolated-vm",
    call: (payload) =>
      echo.apply(undefined, [payload], { arguments: { copy: true }, result: { copy: true } }),
    close: async () => isolate.dispose(),
  };
}
