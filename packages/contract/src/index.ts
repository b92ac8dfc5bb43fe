export { isWithin } from "./capabilities/is-within.js";
export type { Parameters, ParameterValue } from "./capabilities/parameter.js";
export { type CapabilityRequest, riskOf, sentenceOf } from "./capabilities/request.js";
export { RISKS, type Risk } from "./capabilities/risk.js";
export {
  CAPABILITIES,
  CAPABILITY_IDS,
  type CapabilityId,
  capabilityOf,
  isCapabilityId,
} from "./capabilities/vocabulary.js";
export { isMechanismName, MECHANISM_NAMES, MECHANISMS, type MechanismName } from "./config/mechanisms.js";
export {
  type PaddockConfig,
  type ParsedConfig,
  type PluginConfig,
  parseConfig,
  type WrittenLimits,
} from "./config/parse-config.js";
export { type PluginSettings, SHARES, type Share, type WrittenSettings } from "./config/plugin-settings.js";
export { DEFAULT_PRESET, PRESET_NAMES, PRESETS, type Preset } from "./config/presets.js";
export { ERRORS, type ErrorCode, type ErrorRow, type Fault, isErrorCode } from "./errors.js";
export { escapeText } from "./escape-text.js";
export { formatDuration, formatSize, parseDuration, parseRate, parseSize, type Rate } from "./human-units.js";
export {
  LIMITS,
  type LimitName,
  type LimitRow,
  type Limits,
  type LimitUnit,
  type PresetName,
} from "./limits.js";
export type { ActionSpec, Effects } from "./manifest/action.js";
export { type Manifest, RUNTIME_KINDS, type RuntimeKind } from "./manifest/manifest.js";
export { MAX_MANIFEST_BYTES, parseManifest } from "./manifest/parse-manifest.js";
export type { SchemaSource } from "./manifest/schema-source.js";
export { isVersionInRange } from "./manifest/version-range.js";
export {
  type ErrorJson,
  isPaddockError,
  PaddockError,
  type PaddockErrorOptions,
  type ProblemDetails,
  toPaddockError,
} from "./paddock-error.js";
export { jsonSchemas } from "./schema/json-schemas.js";
export { formatLimit, LIMIT_FIELDS, LIMIT_NAMES, presetLimits } from "./schema/limit-fields.js";
export { nearestName } from "./schema/nearest-name.js";
export { type DocumentKind, invalidDocument, parseDocument } from "./schema/parse-document.js";
export type { Problem } from "./schema/problem.js";
export { formatFound, formatPath, quote } from "./schema/problem.js";
export {
  type Attachment,
  FILE_NAME,
  type FileAttachment,
  parseAttachments,
  type StreamAttachment,
  type StreamKind,
} from "./wire/attachments.js";
export { readCanonicalCall } from "./wire/canonical.js";
export {
  decodeMessage,
  encodeAttachedSuccess,
  encodeFailure,
  encodeJsonSuccess,
  encodeNotification,
  encodeRequest,
  encodeSuccess,
} from "./wire/codec.js";
export { copyValue } from "./wire/copy-value.js";
export { DetachError, type Detached, type Detachment, detach } from "./wire/detach.js";
export { encodeCredit, encodeFrameHeader, FRAME, FRAME_HEADER_BYTES, FrameSplitter } from "./wire/frames.js";
export { findExcess } from "./wire/inline-bounds.js";
export * from "./wire/limits.js";
export { type LineDecoder, LineSplitter } from "./wire/line-splitter.js";
export {
  type CallParams,
  type CancelParams,
  type CapabilityParams,
  type EventParams,
  type Failure,
  type HostMethod,
  type InitializeParams,
  type InitializeResult,
  type LogLevel,
  type LogParams,
  type Message,
  type Notification,
  type PingParams,
  type PingResult,
  type ProgressParams,
  type Request,
  RPC_ERROR,
  type Success,
  type TakenParams,
  type WireError,
} from "./wire/messages.js";
export { leadsToNull, placeAt, type Rooted } from "./wire/pointer.js";
export { freeBytes } from "./wire/streams/free-bytes.js";
export type { IncomingStream } from "./wire/streams/incoming-stream.js";
export { type ItemRead, ItemReader } from "./wire/streams/item-reader.js";
export { Multiplexer, type MultiplexerPort, type ToError } from "./wire/streams/multiplexer.js";
export type { ByteSource, OutgoingStream } from "./wire/streams/outgoing-stream.js";
export {
  type OutgoingOptions,
  type OutgoingValue,
  outgoingText,
  readOutgoing,
} from "./wire/streams/outgoing-value.js";
