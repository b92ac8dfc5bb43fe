import { type Host, isPaddockError } from "@paddock/host";
import Fastify, { type FastifyInstance } from "fastify";

/** How long a customer's transformation may take, milliseconds. */
export const TRANSFORM_TIMEOUT_MS = 5_000;

const BODY = {
  type: "object",
  required: ["items"],
  additionalProperties: false,
  properties: { items: { type: "array", maxItems: 10_000, items: { type: "string", maxLength: 500 } } },
} as const;

/**
 * One route: `POST /transform/:name` runs a customer's transformation over a list. Failures become the HTTP
 * status of the table of errors: 504 for a transformation that took too long, 403 for one that was refused
 * what it asked for, 4xx for what the client did wrong, 5xx for the rest.
 */
export function createApp(host: Host, timeoutMs = TRANSFORM_TIMEOUT_MS): FastifyInstance {
  // What the client sends is checked, not corrected.
  const ajv = { customOptions: { coerceTypes: false, removeAdditional: false } } as const;
  const app = Fastify({ bodyLimit: 8 * 1024 * 1024, ajv });
  app.post<{ Params: { name: string }; Body: { items: readonly string[] } }>(
    "/transform/:name",
    { schema: { body: BODY } },
    ({ params, body }) => host.call(`customer/${params.name}`, "transform", body, { timeoutMs }),
  );
  app.setErrorHandler((error, request, reply) => {
    if (!isPaddockError(error)) return reply.send(error);
    const problem = error.toProblem(request.url);
    return reply.code(problem.status).type("application/problem+json").send(problem);
  });
  return app;
}
