import { PaddockError } from "@paddock/contract";
import { readSafely } from "../read-safely.js";

/** Who operates the host: a person or a program, as whoever let them in knows them. */
export interface Actor {
  /** A name that the record of what happened can keep: "local:0", "ada@example.com". */
  readonly id: string;
  readonly roles: readonly string[];
}

const NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u;
const MAX_ROLES = 32;

/** The actor of a request, copied. Throws USAGE_INVALID: nothing is done for nobody. */
export function readActor(value: unknown): Actor {
  return readSafely("actor", () => parseActor(value));
}

function parseActor(value: unknown): Actor {
  if (typeof value !== "object" || value === null || !("id" in value) || !("roles" in value)) {
    throw wrong("it is missing");
  }
  const { id, roles } = value;
  if (!isName(id)) throw wrong("its id is not a name");
  if (!Array.isArray(roles) || roles.length > MAX_ROLES || !roles.every(isName)) {
    throw wrong("its roles are not a list of names");
  }
  return Object.freeze({ id, roles: Object.freeze([...roles]) });
}

function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

function wrong(state: string): PaddockError {
  return new PaddockError("USAGE_INVALID", `Cannot tell who the actor is: ${state}.`, {
    hint: 'The first argument of every method of host.admin is who asks: { id: "ada", roles: ["operator"] }.',
  });
}
