import type { Actor } from "./actor.js";

/** The methods of host.admin, by the name under which they are allowed and recorded. */
export const ADMIN_METHODS = [
  "list",
  "get",
  "load",
  "reload",
  "unload",
  "suspend",
  "resume",
  "restart",
  "release",
  "call",
  "logs",
  "samples",
  "data.show",
  "data.export",
  "data.clear",
] as const;
export type AdminMethod = (typeof ADMIN_METHODS)[number];

/**
 * Whether this actor may use this method. Throws CALLER_DENIED when not. For now every actor may: there are no
 * roles to tell apart yet, and whoever holds the host object, or may open its control socket, owns the host.
 */
export function authorize(_actor: Actor, _method: AdminMethod): void {}
