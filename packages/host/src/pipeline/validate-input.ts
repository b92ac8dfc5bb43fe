import type { ActionSchemas } from "./action-schemas.js";
import { type EncodedPayload, encodePayload, keepPlaced } from "./encode-payload.js";
import { invalidValue, problemsOf } from "./invalid-value.js";
import type { PipelineCall, Stage } from "./pipeline.js";
import { dropUndeclared, findUndeclared } from "./undeclared.js";

/**
 * Refuses input that the action's schema does not allow. What is checked is what is sent: the payload is written as
 * JSON once, and a copy made from that text is looked at. The caller's own object is never changed.
 */
export function validateInput(schemas: ReadonlyMap<string, ActionSchemas>, isDropping: boolean): Stage {
  return (next) => (call) => {
    try {
      call.encoded = check(call, schemas.get(call.action.name), isDropping);
    } catch (error) {
      return Promise.reject(error);
    }
    return next(call);
  };
}

function check(call: PipelineCall, schemas: ActionSchemas | undefined, isDropping: boolean): EncodedPayload {
  const encoded = encodePayload(call.payload, call.plugin, call.action);
  if (schemas?.input === undefined) return encoded;
  const value: unknown = JSON.parse(encoded.json);
  const { shape } = schemas;
  const isChanged = isDropping && shape !== undefined && dropUndeclared(value, shape);
  const problems =
    problemsOf(schemas.input, value) ??
    (isDropping || shape === undefined ? undefined : findUndeclared(value, shape));
  if (problems !== undefined) throw invalidValue("INPUT_INVALID", call, problems);
  return isChanged
    ? { ...encoded, json: JSON.stringify(value), attachments: keepPlaced(value, encoded.attachments) }
    : encoded;
}
