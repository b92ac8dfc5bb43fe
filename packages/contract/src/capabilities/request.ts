import { z } from "zod";
import { formatDuration, formatSize } from "../human-units.js";
import { text } from "../schema/fields.js";
import { withoutUndefined } from "../schema/without-undefined.js";
import type { Parameters } from "./parameter.js";
import type { Risk } from "./risk.js";
import { CAPABILITY_IDS, type CapabilityId, capabilityOf } from "./vocabulary.js";

/** What a manifest asks for, in normal form. */
export interface CapabilityRequest {
  readonly use: CapabilityId;
  readonly parameters: Parameters;
  /** The author's words; shown as such. Always there above R0. */
  readonly reason?: string;
  /** What stops working without it, for optional ones. */
  readonly feature?: string;
}

const MAX_REASON_LENGTH = 200;
const MAX_FEATURE_LENGTH = 80;
const REASON = "a reason for the person who decides";
const REASON_EXPECTED = `${REASON}, 1 to ${MAX_REASON_LENGTH} characters, no control characters`;
const reasonText = text(MAX_REASON_LENGTH, REASON);

/** A capability request as an author writes it → its normal form. */
export const capabilityRequestSchema = z
  .discriminatedUnion("use", [
    requestSchema("net.fetch"),
    ...CAPABILITY_IDS.filter((id) => id !== "net.fetch").map(requestSchema),
  ])
  .meta({ id: "capability" });

/** The risk of a request, raised by its parameters. */
export function riskOf(request: Pick<CapabilityRequest, "use" | "parameters">): Risk {
  return capabilityOf(request.use).risk(request.parameters);
}

/** What the request means, in the host's own words, after "This plugin can". */
export function sentenceOf(request: Pick<CapabilityRequest, "use" | "parameters">): string {
  return capabilityOf(request.use).sentence.replaceAll(/\{(\*|\w+)\}/g, (_, field: string) =>
    field === "*" ? listParameters(request) : formatParameter(request.parameters, field),
  );
}

function listParameters({ use, parameters }: Pick<CapabilityRequest, "use" | "parameters">): string {
  const present = Object.entries(capabilityOf(use).parameters).filter(([, { field }]) => field in parameters);
  return present.map(([name, { field }]) => `${name} ${formatParameter(parameters, field)}`).join(", ");
}

function requestSchema(id: CapabilityId) {
  const { parameters, implied } = capabilityOf(id);
  const written = Object.fromEntries(Object.entries(parameters).map(([name, { schema }]) => [name, schema]));
  return z
    .strictObject({
      use: z.literal(id),
      ...written,
      // What nobody has without asking always needs a reason.
      reason: implied === undefined ? reasonText : reasonText.optional(),
      feature: text(MAX_FEATURE_LENGTH).optional(),
    })
    .transform(({ use, reason, feature, ...values }, context): CapabilityRequest => {
      const request = { use, parameters: normalise(id, values) };
      if (Object.keys(parameters).length > 0 && Object.keys(request.parameters).length === 0) {
        context.addIssue({ code: "custom", message: "at least one of its parameters" });
      }
      if (reason === undefined && riskOf(request) !== "R0") {
        context.addIssue({ code: "custom", path: ["reason"], message: REASON_EXPECTED, input: undefined });
      }
      return withoutUndefined({ ...request, reason, feature });
    });
}

function normalise(id: CapabilityId, values: Parameters): Parameters {
  const known = Object.entries(capabilityOf(id).parameters);
  const present = known.flatMap(([name, { field }]) => {
    const value = values[name];
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries(present);
}

function formatParameter(parameters: Parameters, field: string): string {
  const value = parameters[field];
  if (typeof value === "number" && field.endsWith("Bytes")) return formatSize(value);
  if (typeof value === "number" && field.endsWith("Ms")) return formatDuration(value);
  return Array.isArray(value) ? value.join(", ") : String(value);
}
