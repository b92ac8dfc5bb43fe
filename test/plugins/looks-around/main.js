import { fstatSync, readdirSync } from "node:fs";
import { homedir, hostname, networkInterfaces, userInfo } from "node:os";
import { definePlugin } from "@paddock/sdk";

const attempt = (look) => {
  try {
    return look();
  } catch (error) {
    return error.code ?? error.message;
  }
};

export default definePlugin({
  actions: {
    attack: () => ({
      environment: process.env,
      argv: process.argv,
      flags: process.execArgv,
      program: process.execPath,
      title: process.title,
      folder: process.cwd(),
      pids: [process.pid, process.ppid],
      ids: [process.getuid(), process.getgid(), process.getgroups()],
      host: hostname(),
      home: attempt(homedir),
      user: attempt(() => userInfo().username),
      interfaces: attempt(() => Object.keys(networkInterfaces())),
      root: attempt(() => readdirSync("/")),
      folders: ["/dev", "/proc", "/etc", "/data", "/tmp"].map((path) =>
        attempt(() => readdirSync(path).length),
      ),
      report: JSON.stringify(attempt(() => process.report.getReport())).slice(0, 30_000),
      open: Array.from({ length: 2_000 }, (_, fd) => attempt(() => fstatSync(fd).ino)).flatMap((ino, fd) =>
        typeof ino === "number" ? [[fd, ino]] : [],
      ),
    }),
  },
});
