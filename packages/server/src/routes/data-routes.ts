import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { disconnectOf } from "../disconnect.js";
import { readPart } from "../read-part.js";
import { sendBytes } from "../send-lines.js";
import { PLUGIN, pluginOf, type RouteRooms } from "./route-rooms.js";

const dataQuery = z.strictObject({ tenant: z.string().max(200).optional() });

/** What a plugin keeps for a tenant. */
export function dataRoutes(app: FastifyInstance, { host, authenticate, closing }: RouteRooms): void {
  app.get(`${PLUGIN}/data`, async (request, reply) => {
    const { tenant } = readPart(dataQuery, request.query, "query");
    const signal = disconnectOf(reply, closing);
    return host.admin.data.show(authenticate(request), pluginOf(request), { tenant, signal });
  });
  app.get(`${PLUGIN}/data/archive`, async (request, reply) => {
    const { tenant } = readPart(dataQuery, request.query, "query");
    const actor = authenticate(request);
    // What is not there is a plain error; once bytes flow, only a trailer can say one.
    await host.admin.get(actor, pluginOf(request));
    const signal = disconnectOf(reply, closing);
    reply.hijack();
    const archive = host.admin.data.export(actor, pluginOf(request), { tenant, signal });
    await sendBytes(reply.raw, "application/x-tar", archive);
  });
  app.delete(`${PLUGIN}/data`, async (request, reply) => {
    const { tenant } = readPart(dataQuery, request.query, "query");
    // Not cancelled with its asker: half cleared is neither one thing nor the other.
    const cleared = await host.admin.data.clear(authenticate(request), pluginOf(request), { tenant });
    return reply.send(cleared);
  });
}
