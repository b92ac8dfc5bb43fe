import { definePlugin } from "@paddock/sdk";

const WAYS = {
  shell: async () => (await import("node:child_process")).execSync("id").toString(),
  spawn: async () => (await import("node:child_process")).execFileSync("/runtime/node", ["-v"]).toString(),
  async fork() {
    const { fork } = await import("node:child_process");
    const child = fork("/plugin/.paddock/main.mjs");
    await new Promise((resolve, reject) => child.on("error", reject).on("spawn", resolve));
  },
  async cluster() {
    const cluster = (await import("node:cluster")).default;
    cluster.setupPrimary({ exec: "/plugin/.paddock/main.mjs" });
    const worker = cluster.fork();
    await new Promise((resolve, reject) => worker.on("error", reject).on("online", resolve));
  },
  binding() {
    const { spawn } = process.binding("spawn_sync");
    const { error } = spawn({ file: "/runtime/node", args: ["node", "-v"], stdio: [] });
    if (error) throw new Error(`errno ${error}`);
  },
};

export default definePlugin({ actions: { attack: ({ way }) => WAYS[way]() } });
