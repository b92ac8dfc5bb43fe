import { chmodSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { definePlugin } from "@paddock/sdk";

const require = createRequire(import.meta.url);

const WAYS = {
  execve: (path) => process.execve(path, [path], {}),
  // The dynamic linker is executable, so it is asked to start what is not.
  linker: (path, linker) => process.execve(linker, [linker, path], {}),
  dlopen: (path) => process.dlopen({ exports: {} }, path),
  addon(path) {
    renameSync(path, `${path}.node`);
    require(`${path}.node`);
  },
};

export default definePlugin({
  actions: {
    attack({ way, folder, code, linker }) {
      const path = `${folder}/${way}`;
      writeFileSync(path, Buffer.from(code, "base64"));
      chmodSync(path, 0o755);
      return WAYS[way](path, linker);
    },
  },
});
