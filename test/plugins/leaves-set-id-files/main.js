import { chmodSync, copyFileSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const WAYS = {
  chmod(folder) {
    writeFileSync(`${folder}/plain`, "#!/bin/sh\n");
    chmodSync(`${folder}/plain`, 0o4755);
  },
  open: (folder) => openSync(`${folder}/opened`, "wx", 0o6755),
  folder: (folder) => mkdirSync(`${folder}/folder`, 0o2777),
  copy(folder) {
    copyFileSync("/plugin/plugin.yaml", `${folder}/copy`);
    chmodSync(`${folder}/copy`, 0o2755);
  },
};

export default definePlugin({ actions: { attack: ({ way, folder }) => WAYS[way](folder) } });
