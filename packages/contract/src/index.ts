export { ERRORS, type ErrorCode, type ErrorRow, type Fault, isErrorCode } from "./errors.js";
export { formatDuration, formatSize, parseDuration, parseRate, parseSize } from "./human-units.js";
export {
  LIMITS,
  type LimitName,
  type LimitRow,
  type Limits,
  type LimitUnit,
  type PresetName,
} from "./limits.js";
export {
  type ErrorJson,
  isPaddockError,
  PaddockError,
  type PaddockErrorOptions,
  type ProblemDetails,
  toPaddockError,
} from "./paddock-error.js";
export {
  decodeMessage,
  encodeFailure,
  encodeNotification,
  encodeRequest,
  encodeSuccess,
} from "./wire/codec.js";
export { findExcess } from "./wire/inline-bounds.js";
export * from "./wire/limits.js";
export { type LineDecoder, LineSplitter } from "./wire/line-splitter.js";
export {
  type CallParams,
  type CancelParams,
  type CapabilityParams,
  type Failure,
  type HostMethod,
  type InitializeParams,
  type InitializeResult,
  type LogLevel,
  type LogParams,
  type Message,
  type Notification,
  type Request,
  RPC_ERROR,
  type Success,
  type WireError,
} from "./wire/messages.js";
