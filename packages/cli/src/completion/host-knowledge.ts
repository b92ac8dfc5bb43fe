import { resolveConfig } from "@paddock/host";
import { type ControlClient, connectControl, controlPath } from "@paddock/server";
import type { Knowledge } from "./complete.js";

/** Nobody waits longer for a Tab. */
const PATIENCE_MS = 1_000;

/** What the host with the default home knows. No configuration is read: it is code, and a Tab must run none. */
export const hostKnowledge: Knowledge = {
  plugins: () =>
    ask([], async (client) =>
      (await client.list()).map(({ id, version, state }) => ({ value: id, about: `${version}, ${state}` })),
    ),
  actions: (plugin) =>
    ask([], async (client) => (await client.get(plugin)).actions.map((value) => ({ value, about: "" }))),
};

async function ask<T>(otherwise: T, question: (client: ControlClient) => Promise<T>): Promise<T> {
  let client: ControlClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), PATIENCE_MS);
  });
  const answer = (async () => {
    client = await connectControl(controlPath(resolveConfig({}).home));
    return question(client);
  })().catch(() => otherwise);
  const found = await Promise.race([answer, late]);
  clearTimeout(timer);
  await client?.close();
  return found;
}
