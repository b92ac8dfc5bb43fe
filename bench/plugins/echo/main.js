import { definePlugin } from "@paddock/sdk";

// biome-ignore lint/style/noDefaultExport: what a plugin is, its module exports by default.
export default definePlugin({ actions: { echo: (input) => input } });
