import type { Actor, Host } from "@paddock/host";
import type { FastifyRequest } from "fastify";

/** What every route works with. */
export interface RouteRooms {
  readonly host: Host;
  /** Who asks. Throws when nobody may. */
  authenticate(request: FastifyRequest): Actor;
  /** Aborts when the server closes: streams end then. */
  readonly closing: AbortSignal;
  /** Counts a call that is running; the function it gives says that it is over. */
  enter(): () => void;
}

/** How a plugin is named in an address: `/v1/plugins/acme/thumbs`. */
export const PLUGIN = "/v1/plugins/:publisher/:name";

export function pluginOf(request: FastifyRequest): string {
  // Safe: every route that asks has both in its address.
  const { publisher, name } = request.params as { readonly publisher: string; readonly name: string };
  return `${publisher}/${name}`;
}
