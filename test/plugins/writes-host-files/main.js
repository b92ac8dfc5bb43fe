import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { definePlugin } from "@paddock/sdk";

const WAYS = {
  write: (path) => writeFileSync(path, "written by a plugin"),
  append: (path) => appendFileSync(path, "written by a plugin"),
  truncate: (path) => truncateSync(path),
  remove: (path) => rmSync(path, { recursive: true }),
  folder: (path) => mkdirSync(path),
  rename: (path) => renameSync(path, `${path}-moved`),
  replace: (path) => {
    writeFileSync("/tmp/replacement", "written by a plugin");
    renameSync("/tmp/replacement", path);
  },
  mode: (path) => chmodSync(path, 0o777),
  times: (path) => utimesSync(path, 0, 0),
};

export default definePlugin({ actions: { attack: ({ way, path }) => WAYS[way](path) } });
