import { z } from "zod";
import { configSchema } from "../config/parse-config.js";
import { manifestSchema } from "../manifest/manifest-schema.js";

/** JSON Schemas of the files people write, for editors; by file name. */
export function jsonSchemas(): Readonly<Record<string, object>> {
  return {
    "manifest-1.json": describe(manifestSchema, "plugin.yaml: a Paddock plugin's manifest, version 1"),
    "config-1.json": describe(configSchema, "paddock.config.json: the configuration of a Paddock host"),
  };
}

function describe(schema: z.ZodType, title: string): object {
  return { title, ...z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) };
}
