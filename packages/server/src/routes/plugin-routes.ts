import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { flag, readPart } from "../read-part.js";
import { PLUGIN, pluginOf, type RouteRooms } from "./route-rooms.js";

const CHANGES = ["reload", "suspend", "resume", "restart", "release"] as const;
const loadBody = z.strictObject({ folder: z.string().max(4_096) });
const unloadQuery = z.strictObject({ force: flag.optional() });

/** What is loaded, and what an operator changes about it. */
export function pluginRoutes(app: FastifyInstance, { host, authenticate }: RouteRooms): void {
  app.get("/v1/plugins", async (request) => host.admin.list(authenticate(request)));
  app.get(PLUGIN, async (request) => host.admin.get(authenticate(request), pluginOf(request)));
  app.get(`${PLUGIN}/samples`, async (request) =>
    host.admin.samples(authenticate(request), pluginOf(request)),
  );
  app.post("/v1/plugins", async (request) => {
    const { folder } = readPart(loadBody, request.body, "body");
    return host.admin.load(authenticate(request), folder);
  });
  app.delete(PLUGIN, async (request, reply) => {
    const { force } = readPart(unloadQuery, request.query, "query");
    await host.admin.unload(authenticate(request), pluginOf(request), { force });
    return reply.code(204).send();
  });
  for (const change of CHANGES) {
    app.post(`${PLUGIN}/${change}`, async (request) =>
      host.admin[change](authenticate(request), pluginOf(request)),
    );
  }
}
