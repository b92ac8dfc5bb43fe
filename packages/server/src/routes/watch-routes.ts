import { setTimeout as wait } from "node:timers/promises";
import {
  type Actor,
  formatPrometheus,
  type Host,
  MAX_KEPT_LINES,
  type PluginOverview,
  PROMETHEUS_MEDIA_TYPE,
} from "@paddock/host";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { disconnectOf } from "../disconnect.js";
import { count, flag, readPart } from "../read-part.js";
import { sendLines } from "../send-lines.js";
import type { RouteRooms } from "./route-rooms.js";

const pluginName = z.string().max(200);
const logsQuery = z.strictObject({
  plugin: pluginName.optional(),
  last: count(MAX_KEPT_LINES).optional(),
  follow: flag.optional(),
});
const eventsQuery = z.strictObject({ plugin: pluginName.optional() });
const usageQuery = z.strictObject({ everyMs: z.coerce.number().int().min(200).max(60_000).optional() });

/** How often usage is told unless asked otherwise. */
const EVERY_MS = 1_000;

/** One line of `/v1/usage`. */
export interface UsageLine {
  /** Milliseconds of a clock that never jumps: for rates between two lines. */
  readonly atMs: number;
  readonly plugins: readonly PluginOverview[];
}

/** What goes on, as lines for as long as somebody reads. */
export function watchRoutes(app: FastifyInstance, { host, authenticate, closing }: RouteRooms): void {
  app.get("/v1/logs", async (request, reply) => {
    const options = readPart(logsQuery, request.query, "query");
    const actor = authenticate(request);
    const signal = disconnectOf(reply, closing);
    reply.hijack();
    await sendLines(reply.raw, host.admin.logs(actor, { ...options, signal }));
  });
  app.get("/v1/usage", async (request, reply) => {
    const { everyMs = EVERY_MS } = readPart(usageQuery, request.query, "query");
    const actor = authenticate(request);
    const signal = disconnectOf(reply, closing);
    reply.hijack();
    await sendLines(reply.raw, watchUsage(host, actor, everyMs, signal));
  });
  app.get("/v1/events", async (request, reply) => {
    const filter = readPart(eventsQuery, request.query, "query");
    authenticate(request);
    const signal = disconnectOf(reply, closing);
    const events = host.events(filter);
    // Ends the loop that sends them; a reader that went away holds nothing.
    signal.addEventListener("abort", () => void events.return?.(), { once: true });
    reply.hijack();
    await sendLines(reply.raw, events);
  });
  app.get("/metrics", async (request, reply) => {
    authenticate(request);
    return reply.type(PROMETHEUS_MEDIA_TYPE).send(formatPrometheus(host.metrics()));
  });
}

async function* watchUsage(
  host: Host,
  actor: Actor,
  everyMs: number,
  signal: AbortSignal,
): AsyncGenerator<UsageLine, void, undefined> {
  while (!signal.aborted) {
    yield { atMs: performance.now(), plugins: await host.admin.list(actor) };
    // Aborting is how it ends; nobody is there to be told.
    await wait(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
