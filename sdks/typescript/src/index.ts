export type { Context, KeyValueStore, Log, LogFields, PluginContext } from "./context.js";
export {
  type ActionFunction,
  definePlugin,
  isPlugin,
  type Plugin,
  type PluginDefinition,
  type SchemaAction,
} from "./define-plugin.js";
export { type DeclaredFailure, fail, isDeclaredFailure } from "./fail.js";
export { HostError } from "./host-error.js";
export { isPermissionError, PermissionError } from "./permission-error.js";
