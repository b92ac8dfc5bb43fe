import { z } from "zod";
import { ABSOLUTE_PATH_PATTERN, MAX_PATH_LENGTH } from "../capabilities/folder-path.js";
import type { LimitName, PresetName } from "../limits.js";
import { pluginId } from "../manifest/identifiers.js";
import { count, flag, list, named, shaped } from "../schema/fields.js";
import { type LIMIT_FIELDS, someLimits } from "../schema/limit-fields.js";
import { type DocumentKind, parseDocument } from "../schema/parse-document.js";
import { withoutUndefined } from "../schema/without-undefined.js";
import { MECHANISM_NAMES, type MechanismName } from "./mechanisms.js";
import { settings, settingsShape, toSettings, type WrittenSettings } from "./plugin-settings.js";
import { PRESET_NAMES } from "./presets.js";

/** What an operator writes: `paddock.config.ts`, `.js`, `.json`, or the options of the host. */
export interface PaddockConfig {
  /** Bundle of defaults; `production` when it is not given. */
  readonly preset?: PresetName;
  /** Absolute path of the folder in which the host keeps its state. */
  readonly home?: string;
  /** Ceilings for every plugin, as people write them (`{ memory: "256MB" }`), in place of the preset's. */
  readonly limits?: WrittenLimits;
  /** How every plugin is run and called. */
  readonly defaults?: WrittenSettings;
  /** What is different for one plugin, by its id. */
  readonly plugins?: Readonly<Record<string, PluginConfig>>;
  /** Mechanisms that must stand besides those that the preset requires. */
  readonly require?: readonly MechanismName[];
  /** Programs that run plugins; found by the host when not given. */
  readonly interpreter?: {
    readonly node?: string;
    readonly python?: string;
    /** False turns the guards inside the language off: errors get worse, the walls stay what they are. */
    readonly guards?: boolean;
  };
  /** What `paddock serve` loads. */
  readonly serve?: {
    /** Absolute path of a folder; every plugin in it. */
    readonly plugins?: string;
  };
  /** User ids that the host may give to plugins when it runs as root. */
  readonly uids?: { readonly from: number; readonly count: number };
}

export interface PluginConfig extends WrittenSettings {
  /** Ceilings for this plugin, in place of those for every plugin: up or down. */
  readonly limits?: WrittenLimits;
  /** Values handed to the plugin; its manifest says which. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export type WrittenLimits = { readonly [N in LimitName]?: N extends CountedLimit ? number : string };

/** Limits that are plain numbers: their name inside is their own, and processors. */
type CountedLimit = {
  [N in LimitName]: (typeof LIMIT_FIELDS)[N] extends N | "cpuCores" ? N : never;
}[LimitName];

const MAX_PLUGINS = 10_000;
const MAX_UIDS = 1_000_000;
/** Below are people and services; the last two ids mean "nobody" and "unchanged" to the kernel. */
const [FIRST_UID, LAST_UID] = [1_000, 4_294_967_293];

const path = shaped(
  ABSOLUTE_PATH_PATTERN,
  MAX_PATH_LENGTH,
  'an absolute path such as /var/lib/paddock, without ".." or a slash at the end',
);

const pluginConfig = z
  .strictObject({
    ...settingsShape,
    limits: someLimits().default({}).meta({ description: "Ceilings for this plugin: up or down." }),
    config: z
      .record(z.string(), z.unknown(), { error: "an object" })
      .meta({ description: "Values handed to the plugin." })
      .optional(),
  })
  .transform(({ limits, config, ...written }) =>
    withoutUndefined({ limits, config, settings: toSettings(written) }),
  );

export const configSchema = z
  .strictObject({
    preset: z.enum(PRESET_NAMES).default("production").meta({ description: "Bundle of defaults." }),
    home: path.meta({ description: "Folder in which the host keeps its state." }).optional(),
    limits: someLimits()
      .default({})
      .meta({ description: "Ceilings for every plugin, in place of the preset's." }),
    defaults: settings().default({}).meta({ description: "How every plugin is run and called." }),
    plugins: named(pluginId, pluginConfig, MAX_PLUGINS, "plugins and their settings")
      .prefault({})
      .meta({ description: "What is different for one plugin." }),
    require: list(z.enum(MECHANISM_NAMES), 0, MECHANISM_NAMES.length, "mechanisms")
      .default([])
      .meta({ description: "Mechanisms that must stand besides those that the preset requires." }),
    interpreter: z
      .strictObject({
        node: path.meta({ description: "The Node.js that runs plugins." }).optional(),
        python: path.meta({ description: "The Python that runs plugins." }).optional(),
        guards: flag()
          .meta({ description: "Guards inside the language, for better error messages; on unless false." })
          .optional(),
      })
      .default({})
      .meta({ description: "Programs that run plugins." }),
    serve: z
      .strictObject({
        plugins: path.meta({ description: "Folder whose plugins are all loaded." }).optional(),
      })
      .default({})
      .meta({ description: "What `paddock serve` loads." }),
    uids: z
      .strictObject({
        from: count(FIRST_UID, LAST_UID).meta({ description: "The first one." }),
        count: count(1, MAX_UIDS).meta({ description: "How many." }),
      })
      .refine(({ from, count: many }) => from + many - 1 <= LAST_UID, {
        error: `user ids of at most ${LAST_UID}`,
      })
      .meta({ description: "User ids that the host may give to plugins when it runs as root." })
      .optional(),
  })
  .transform(({ interpreter, serve, ...written }) =>
    withoutUndefined({
      ...written,
      interpreter: withoutUndefined(interpreter),
      serve: withoutUndefined(serve),
    }),
  );

/** The configuration with its units as numbers; what is not given is absent or empty. */
export type ParsedConfig = z.output<typeof configSchema>;

/** The configuration in a parsed file or in options. Throws CONFIG_INVALID with every problem. */
export function parseConfig(value: unknown, file: string): ParsedConfig {
  const kind: DocumentKind = { code: "CONFIG_INVALID", file, documentation: "docs/configuration.md" };
  return parseDocument(configSchema, value, kind);
}
