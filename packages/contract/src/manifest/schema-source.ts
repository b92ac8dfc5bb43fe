import { z } from "zod";
import { BUNDLE_PATH_PATTERN } from "./bundle-path.js";

/** Where a JSON Schema comes from: a file of the bundle, or the manifest itself. */
export type SchemaSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "inline"; readonly schema: Readonly<Record<string, unknown>> };

/** Largest inline schema, as JSON text. */
export const MAX_INLINE_SCHEMA_LENGTH = 32_768;
const MAX_SCHEMA_PATH_LENGTH = 200;

const EXPECTED_FILE = "only a $ref to a .json file of the bundle, such as { $ref: schemas/resize.in.json }";
const EXPECTED = "a JSON Schema object, or { $ref: schemas/resize.in.json }";

/** A JSON Schema written into the manifest, or `{ $ref: file }`. What the schema says is checked by the host. */
export const schemaSource = z
  .record(z.string(), z.unknown(), { error: EXPECTED })
  .transform((written, context): SchemaSource => {
    const { $ref } = written;
    // "#/…" points into the schema itself; everything else must be a file of the bundle, never a URL.
    if ($ref === undefined || (typeof $ref === "string" && $ref.startsWith("#"))) {
      if (JSON.stringify(written).length <= MAX_INLINE_SCHEMA_LENGTH)
        return { kind: "inline", schema: written };
      return fail(`a schema of at most ${MAX_INLINE_SCHEMA_LENGTH} characters; put a longer one into a file`);
    }
    const isFile =
      typeof $ref === "string" && $ref.length <= MAX_SCHEMA_PATH_LENGTH && $ref.endsWith(".json");
    if (!isFile || !BUNDLE_PATH_PATTERN.test($ref) || Object.keys(written).length > 1)
      return fail(EXPECTED_FILE);
    return { kind: "file", path: $ref };

    function fail(message: string): never {
      context.addIssue({ code: "custom", message, input: $ref ?? written });
      return z.NEVER;
    }
  });
