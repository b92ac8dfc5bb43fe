import { z } from "zod";
import { LIMITS } from "../limits.js";
import { duration, flag, list, named, paragraphs, text } from "../schema/fields.js";
import { withoutUndefined } from "../schema/without-undefined.js";
import { errorCode, pluginId } from "./identifiers.js";
import { type SchemaSource, schemaSource } from "./schema-source.js";

/** What an action does to the world. */
export type Effects = "none" | "read" | "write";

export interface ActionSpec {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly input?: SchemaSource;
  readonly output?: SchemaSource;
  /** Whether calling it twice is the same as calling it once. */
  readonly idempotent: boolean;
  readonly effects: Effects;
  /** The author's wish for one call; the operator's limit comes first. */
  readonly timeoutMs?: number;
  /** Codes it may fail with, and what they mean; no prototype. */
  readonly errors: Readonly<Record<string, string>>;
  /** Plugins that may call it. */
  readonly callers: readonly string[];
}

const MAX_ERRORS = 64;
const MAX_CALLERS = 64;
export const MAX_TITLE_LENGTH = 80;
export const MAX_DESCRIPTION_LENGTH = 2_000;
const MAX_ERROR_TEXT_LENGTH = 200;

/** One entry of `actions`, without its name. */
export const actionSchema = z
  .strictObject({
    title: text(MAX_TITLE_LENGTH).meta({ description: "A name for people." }).optional(),
    description: paragraphs(MAX_DESCRIPTION_LENGTH).meta({ description: "What it does." }).optional(),
    input: schemaSource.meta({ description: "JSON Schema of the input, or { $ref: file }." }).optional(),
    output: schemaSource.meta({ description: "JSON Schema of the answer, or { $ref: file }." }).optional(),
    idempotent: flag()
      .default(false)
      .meta({ description: "Calling it twice is the same as calling it once; it may be tried again." }),
    effects: z
      .enum(["none", "read", "write"])
      .default("write")
      .meta({ description: "What it does to the world outside the plugin." }),
    timeout: duration(String(LIMITS.timeout.max))
      .meta({ description: "Most time one call may take." })
      .optional(),
    errors: named(errorCode, text(MAX_ERROR_TEXT_LENGTH), MAX_ERRORS, "error codes and their meaning")
      .prefault({})
      .meta({ description: "Codes it may fail with, and what they mean." }),
    callers: list(pluginId, 0, MAX_CALLERS, "plugins")
      .default([])
      .meta({ description: "Plugins that may call it; the application always may." }),
  })
  .transform(
    ({ timeout, ...action }): Omit<ActionSpec, "name"> => withoutUndefined({ ...action, timeoutMs: timeout }),
  );
