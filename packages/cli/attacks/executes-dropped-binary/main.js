import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const LIBRARIES = ["x86_64", "aarch64"].flatMap((machine) => [
  `/lib/${machine}-linux-gnu/libm.so.6`,
  `/usr/lib/${machine}-linux-gnu/libm.so.6`,
]);

export default definePlugin({
  actions: {
    attack() {
      const library = [...LIBRARIES, "/lib64/libm.so.6", "/usr/lib/libm.so.6"].find((path) =>
        existsSync(path),
      );
      if (library !== undefined) load(library);
      writeFileSync("/tmp/dropped", `#!${process.execPath}\nconsole.log("LOOT a dropped program ran");\n`, {
        mode: 0o755,
      });
      process.execve("/tmp/dropped", ["/tmp/dropped"], {});
      return { loot: [], refused: [] };
    },
  },
});

/** A library that is mapped but is no addon says "did not self-register": its code could have run. */
function load(library) {
  copyFileSync(library, "/tmp/dropped.node");
  try {
    process.dlopen({ exports: {} }, "/tmp/dropped.node");
    console.log("LOOT a dropped library ran");
  } catch (error) {
    const isMapped = /self-register/.test(error.message);
    console.log(
      isMapped ? "LOOT a dropped library was mapped" : `REFUSED map a dropped library: ${error.message}`,
    );
  }
}
