import { z } from "zod";
import { capabilityRequestSchema } from "../capabilities/request.js";
import { duration, list, named, paragraphs, text } from "../schema/fields.js";
import { someLimits } from "../schema/limit-fields.js";
import { withoutPrototype } from "../schema/without-prototype.js";
import { withoutUndefined } from "../schema/without-undefined.js";
import { type ActionSpec, actionSchema, MAX_DESCRIPTION_LENGTH, MAX_TITLE_LENGTH } from "./action.js";
import { bundlePath } from "./bundle-path.js";
import { actionName, moduleName, pluginId, point, version, versionRange } from "./identifiers.js";
import { type Manifest, RUNTIME_KINDS } from "./manifest.js";
import { schemaSource } from "./schema-source.js";

const MAX_ACTIONS = 256;
const MAX_POINTS = 64;
const MAX_REQUESTS = 64;
const MAX_DEPENDENCIES = 64;
const MAX_IMPORTS = 256;

const requests = z
  .array(capabilityRequestSchema, { error: "a list of capabilities" })
  .max(MAX_REQUESTS, { error: `at most ${MAX_REQUESTS} capabilities` })
  .default([]);

const actions = named(actionName, actionSchema, MAX_ACTIONS, "actions").refine(
  (written) => Object.keys(written).length > 0,
  { error: "at least one action" },
);

/** Manifest version 1 as an author writes it. */
const writtenManifest = z.strictObject({
  manifest: z.literal(1).meta({ description: "Version of this format." }),
  id: pluginId.meta({ description: "publisher/name; never changes." }),
  version: version.meta({ description: "Semantic version of the plugin." }),
  title: text(MAX_TITLE_LENGTH).meta({ description: "Name for people; default: the name." }).optional(),
  description: paragraphs(MAX_DESCRIPTION_LENGTH).meta({ description: "What it is for." }).optional(),
  publisher: z
    .strictObject({
      name: text(MAX_TITLE_LENGTH).meta({ description: "The publisher's name for people." }),
      contact: text(200).meta({ description: "Where to report problems." }).optional(),
    })
    .meta({ description: "Who publishes it." })
    .optional(),
  engines: z
    .strictObject({ paddock: versionRange.meta({ description: "Version range of Paddock." }).optional() })
    .default({})
    .meta({ description: "What it works with." }),
  mode: z
    .enum(["sandboxed", "trusted"])
    .default("sandboxed")
    .meta({ description: "What the author asks for; the operator decides." }),
  runtime: z
    .strictObject({
      kind: z.enum(RUNTIME_KINDS).meta({ description: "What executes the code." }),
      entry: bundlePath.meta({ description: "The first file, relative to the plugin's folder." }),
      imports: list(moduleName, 0, MAX_IMPORTS, "names of modules")
        .meta({ description: "Python only: the modules it may import besides its own files." })
        .optional(),
    })
    .refine(({ kind, imports }) => imports === undefined || kind === "python", {
      error: 'no "imports" unless the kind is "python"',
    })
    .transform((written) => withoutUndefined(written))
    .meta({ description: "How the code is run." }),
  implements: list(point, 0, MAX_POINTS, "extension points")
    .default([])
    .meta({ description: "Extension points of the application that it implements." }),
  actions: actions.meta({ description: "What the host may call, by name." }),
  permissions: z
    .strictObject({
      required: requests.meta({ description: "Capabilities without which it does not run." }),
      optional: requests.meta({ description: "Capabilities that only some feature needs." }),
    })
    .default({ required: [], optional: [] })
    .meta({ description: "What it asks for." }),
  wants: someLimits().default({}).meta({ description: "Wishes below the operator's limits." }),
  health: z
    .strictObject({
      interval: duration("1h").meta({ description: "Time between two checks." }),
      timeout: duration("1m").meta({ description: "Most time one check may take." }),
    })
    .meta({ description: "How it is checked." })
    .optional(),
  config: schemaSource
    .meta({ description: "JSON Schema of what the operator configures, or { $ref: file }." })
    .optional(),
  depends: named(pluginId, versionRange, MAX_DEPENDENCIES, "plugins and version ranges")
    .prefault({})
    .meta({ description: "Plugins it needs, and their versions." }),
});

/** Manifest version 1 as an author writes it → what the code uses. */
export const manifestSchema = writtenManifest.transform(toManifest);

function toManifest(written: z.output<typeof writtenManifest>): Manifest {
  const { publisher, engines, health, actions: specs, ...rest } = written;
  const [publisherName = "", name = ""] = written.id.split("/");
  return withoutUndefined({
    ...rest,
    publisherName,
    name,
    title: written.title ?? name,
    publisher: publisher === undefined ? undefined : withoutUndefined(publisher),
    engines: withoutUndefined(engines),
    health: health === undefined ? undefined : { intervalMs: health.interval, timeoutMs: health.timeout },
    actions: withNames(specs),
  });
}

function withNames(specs: Readonly<Record<string, Omit<ActionSpec, "name">>>): Manifest["actions"] {
  const entries = Object.entries(specs).map(([name, spec]) => [name, { name, ...spec }] as const);
  return withoutPrototype(Object.fromEntries(entries));
}
