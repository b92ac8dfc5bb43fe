import { definePlugin, fail } from "@paddock/sdk";

export default definePlugin({
  actions: {
    async greet(input: { name: string }, ctx) {
      if (!/\p{L}/u.test(input.name)) throw fail("NAMELESS");
      const key = `greeted/${input.name}`;
      const times = Number((await ctx.kv.get(key)) ?? 0) + 1;
      await ctx.kv.set(key, times);
      ctx.log.info("greeted", { name: input.name });
      return { greeting: `Hello, ${input.name}!`, times };
    },
  },
});
