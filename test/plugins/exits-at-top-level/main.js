import { definePlugin } from "@paddock/sdk";

process.exit(0);

export default definePlugin({ actions: { attack: () => "never" } });
