import { definePlugin } from "@paddock/sdk";

export default definePlugin({ actions: { attack: ({ pid, signal }) => process.kill(pid, signal) } });
