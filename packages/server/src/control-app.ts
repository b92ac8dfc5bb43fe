import { PaddockError, toPaddockError } from "@paddock/contract";
import type { Actor, Host } from "@paddock/host";
import fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from "fastify";
import { toOperatorProblem } from "./problem.js";
import { callRoute } from "./routes/call-route.js";
import { dataRoutes } from "./routes/data-routes.js";
import { pluginRoutes } from "./routes/plugin-routes.js";
import type { RouteRooms } from "./routes/route-rooms.js";
import { watchRoutes } from "./routes/watch-routes.js";

/** Bodies that are no payload. */
const MAX_SMALL_BODY_BYTES = 64 * 1024;
/** A request has to be whole by then, headers and body; what is streamed to a plugin goes on longer. */
const REQUEST_TIMEOUT_MS = 120_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** Clients at the same time; further ones are turned away. */
const MAX_CONNECTIONS = 256;
const KEEP_ALIVE_MS = 5_000;

export interface ControlAppOptions {
  /** Who asks. Throws when nobody may. Behind a socket that only its owner can open it need not look. */
  readonly authenticate: (request: FastifyRequest) => Actor;
  /** Said to whoever asks what this is. */
  readonly about: () => Readonly<Record<string, unknown>>;
}

export interface ControlApp {
  readonly app: FastifyInstance;
  /** Takes no new request, waits so long for the calls that run, then ends every connection. */
  close(drainMs: number): Promise<void>;
}

/** Everything an operator does, over HTTP; it listens where its maker says. */
export function createControlApp(host: Host, { authenticate, about }: ControlAppOptions): ControlApp {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_SMALL_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    // A key named "__proto__" is data like any other: nothing here copies payloads key by key.
    onProtoPoisoning: "ignore",
    onConstructorPoisoning: "ignore",
    routerOptions: { maxParamLength: 256 },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.server.headersTimeout = HEADERS_TIMEOUT_MS;
  const closing = new AbortController();
  const calls = new Calls();
  let isDraining = false;
  app.addHook("onRequest", async () => {
    if (isDraining) throw new PaddockError("HOST_CLOSED", "The host is closing.");
  });
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const problem = toOperatorProblem(toError(error));
    return reply.code(problem.status).type("application/problem+json").send(JSON.stringify(problem));
  });
  app.setNotFoundHandler((request) => {
    throw new PaddockError(
      "USAGE_INVALID",
      `There is nothing at ${request.method} ${request.url.slice(0, 200)}.`,
    );
  });
  const rooms: RouteRooms = { host, authenticate, closing: closing.signal, enter: () => calls.enter() };
  app.get("/v1/host", async (request) => {
    authenticate(request);
    return about();
  });
  for (const routes of [pluginRoutes, dataRoutes, watchRoutes, callRoute]) routes(app, rooms);
  return {
    app,
    close: async (drainMs) => {
      isDraining = true;
      await calls.done(drainMs);
      closing.abort(new PaddockError("HOST_CLOSED", "The host is closing."));
      await app.close();
    },
  };
}

/** How many calls are running. */
class Calls {
  #running = 0;
  #onIdle: (() => void) | undefined;

  enter(): () => void {
    this.#running++;
    return () => {
      this.#running--;
      if (this.#running === 0) this.#onIdle?.();
    };
  }

  async done(withinMs: number): Promise<void> {
    if (this.#running === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      timer = setTimeout(resolve, withinMs);
    });
    clearTimeout(timer);
  }
}

/** fastify's own refusals are the client's mistakes. */
function toError(error: FastifyError): PaddockError {
  const status = error.statusCode;
  if (status === 413) return new PaddockError("PAYLOAD_TOO_LARGE", "The request's body is too large.");
  if (status !== undefined && status >= 400 && status < 500) {
    return new PaddockError("USAGE_INVALID", `The request is not valid: ${error.message}`, { cause: error });
  }
  return toPaddockError(error, "answer the request");
}
