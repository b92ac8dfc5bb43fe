import { definePlugin } from "@paddock/sdk";

for (;;);

export default definePlugin({ actions: { attack: () => "never" } });
