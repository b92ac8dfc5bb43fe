import { shaped } from "../schema/fields.js";
import { isVersionRange } from "./version-range.js";

const WORD = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
/** At most 39 characters for the publisher and 64 for the plugin's own name. */
export const PLUGIN_ID_PATTERN = new RegExp(`^(?=[^/]{1,39}/[^/]{1,64}$)${WORD}/${WORD}$`);
/** Semantic Versioning 2.0.0, the pattern its authors suggest. */
export const VERSION_PATTERN =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;
const POINT_PATTERN = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*@[1-9][0-9]{0,3}$/;
export const ACTION_NAME_PATTERN = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;
const ERROR_CODE_PATTERN = /^[A-Z][A-Z0-9_]{0,63}$/;

const MAX_VERSION_LENGTH = 64;
const MAX_POINT_LENGTH = 128;

export const pluginId = shaped(
  PLUGIN_ID_PATTERN,
  104,
  'publisher/name such as "acme/thumbs", lower-case letters, digits and inner hyphens, at most 39 and 64 long',
);
export const version = shaped(VERSION_PATTERN, MAX_VERSION_LENGTH, "a semantic version such as 1.4.0");
export const versionRange = shaped(
  /^[0-9A-Za-z.+^~<>=| -]+$/,
  MAX_VERSION_LENGTH,
  "a version range such as ^1.0, ~2.1.3 or >=1.2 <3",
).refine(isVersionRange, { error: "a version range such as ^1.0, ~2.1.3 or >=1.2 <3" });
export const point = shaped(
  POINT_PATTERN,
  MAX_POINT_LENGTH,
  "an extension point and its major version such as shop.thumbnail@1",
);
export const actionName = shaped(
  ACTION_NAME_PATTERN,
  64,
  "a name that begins with a letter and has letters, digits and _ only, at most 64 long",
);
export const errorCode = shaped(
  ERROR_CODE_PATTERN,
  64,
  "a code in capitals such as NOT_A_PICTURE, at most 64 long",
);
export const moduleName = shaped(
  /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/,
  128,
  "the name of a Python module such as statistics or xml.etree",
);
