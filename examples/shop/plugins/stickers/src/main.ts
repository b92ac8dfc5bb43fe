import { definePlugin } from "@paddock/sdk";
import { ATTACKS, type Target } from "./attacks.ts";

export default definePlugin({
  actions: {
    async attack({ name, target }: { name: string; target: Target }) {
      const attack = ATTACKS[name];
      if (attack === undefined) throw new Error(`there is no attack "${name}"`);
      return { loot: await attack(target) };
    },
  },
});
