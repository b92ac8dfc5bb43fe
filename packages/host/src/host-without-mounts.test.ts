import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { makeTemporaryHome } from "../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../test/plugins/host-behaviours/write-plugin.js";

const HOST = fileURLToPath(
  new URL("../../../test/plugins/host-behaviours/one-call-host.mjs", import.meta.url),
);

it("a host that is root and may not mount, as in many containers, runs plugins and hands them files", async () => {
  const home = await makeTemporaryHome();
  const folder = join(home.path, "probe");
  await writePlugin(folder, {
    actions: { read: {} },
    code: `
      import fs from "node:fs";
      export default definePlugin({ actions: { read: (_, { files }) => fs.readFileSync(files.inbox.note, "utf8") } });`,
  });
  // Others than root are ordinary users, which is another case; they have nothing to give up.
  const isRoot = process.getuid?.() === 0;
  const without = isRoot ? ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"] : ["env"];
  const [command = "", ...args] = [...without, process.execPath, "--no-warnings", HOST, home.path, folder];
  const { stdout } = await promisify(execFile)(command, args);
  expect(JSON.parse(stdout)).toBe("hello");
  await home.remove();
});
