export {
  type CallAnswer,
  type CallLine,
  type ControlClient,
  connectControl,
  type EventLine,
  type HostAbout,
  type NotLoaded,
  type PluginChange,
} from "./control-client.js";
export { controlPath } from "./control-path.js";
export { type ControlServer, type ControlServerOptions, createControlServer } from "./control-server.js";
export type { UsageLine } from "./routes/watch-routes.js";
