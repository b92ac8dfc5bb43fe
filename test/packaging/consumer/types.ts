import { createHost, isPaddockError } from "@paddock/host";
import { definePlugin, fail } from "@paddock/sdk";

export const plugin = definePlugin({
  actions: {
    async greet(input: { name: string }) {
      if (input.name === "") throw fail("NO_NAME");
      return `Hello, ${input.name}`;
    },
  },
});

export async function greet(signal: AbortSignal): Promise<unknown> {
  await using host = await createHost({ preset: "production" });
  await host.load("./plugins/greeter");
  try {
    return await host.call(
      "acme/greeter",
      "greet",
      { name: "Ada" },
      { tenant: "main", timeoutMs: 200, signal },
    );
  } catch (error) {
    if (isPaddockError(error, "TIMEOUT")) return undefined;
    throw error;
  }
}
