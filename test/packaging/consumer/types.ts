import { createFakeHost, createHost, isPaddockError } from "@paddock/host";
import { definePlugin, fail } from "@paddock/sdk";
import { createTestHost } from "@paddock/sdk/testing";

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

export async function tested(): Promise<unknown> {
  await using author = await createTestHost({ plugin });
  await using application = createFakeHost({
    plugins: { "acme/greeter": { actions: { greet: () => "Hello" } } },
  });
  return [await author.call("greet", { name: "Ada" }), await application.call("acme/greeter", "greet")];
}
