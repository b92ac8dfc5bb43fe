import { newQuickJSWASMModuleFromVariant } from "quickjs-emscripten-core";
import type { Contender } from "./contender.ts";

/** Another engine, as WebAssembly, on the caller's own thread: nothing crosses, and a loop in it stops the host. */
export async function startQuickJs(): Promise<Contender> {
  const quickJs = await newQuickJSWASMModuleFromVariant(import("@jitl/quickjs-wasmfile-release-sync"));
  const vm = quickJs.newContext();
  const echo = vm.unwrapResult(
    vm.evalCode("const act = (payload) => payload; (text) => JSON.stringify(act(JSON.parse(text)))"),
  );
  return {
    name: "quickjs-emscripten",
    call: async (payload) => {
      const text = vm.newString(JSON.stringify(payload));
      const answer = vm.unwrapResult(vm.callFunction(echo, vm.undefined, text));
      const value: unknown = JSON.parse(vm.getString(answer));
      text.dispose();
      answer.dispose();
      return value;
    },
    close: async () => {
      echo.dispose();
      vm.dispose();
    },
  };
}
