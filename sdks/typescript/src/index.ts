export type {
  Context,
  Events,
  Files,
  KeyListing,
  KeyValueStore,
  Log,
  LogFields,
  PluginContext,
  Plugins,
} from "./context.js";
export {
  type ActionFunction,
  definePlugin,
  type EventHandler,
  type EventInfo,
  isPlugin,
  type Plugin,
  type PluginDefinition,
  type SchemaAction,
} from "./define-plugin.js";
export { type DeclaredFailure, fail, isDeclaredFailure } from "./fail.js";
export type { OutputFile } from "./guest/output-file.js";
export { HostError } from "./host-error.js";
export { isPermissionError, PermissionError } from "./permission-error.js";
