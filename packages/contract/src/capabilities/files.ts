import { parseSize } from "../human-units.js";
import { LIMITS } from "../limits.js";
import { type Capability, capability } from "./capability.js";
import {
  ABSOLUTE_PATH_PATTERN,
  isPrivatePath,
  isProgramPath,
  MAX_PATH_LENGTH,
  pathCovers,
} from "./folder-path.js";
import { amountOf, bytes, texts, textsOf } from "./parameter.js";

/** Temporary space that needs no asking. */
const FREE_SCRATCH_BYTES = 50 * 1024 ** 2;
/** Own files need no asking at all: the operator's limit is what counts. */
const MOST_DATA_BYTES = parseSize(String(LIMITS.disk.max)) ?? 0;
/** Own key-value pairs that need no asking. */
const FREE_STORAGE_BYTES = 1024 ** 2;

const paths = texts({
  field: "paths",
  pattern: ABSOLUTE_PATH_PATTERN,
  maxLength: MAX_PATH_LENGTH,
  what: 'an absolute path such as /srv/pictures, without ".." or a slash at the end',
  covers: pathCovers,
});

export const fileCapabilities = {
  "fs.temp": capability({
    parameters: { max: bytes("maxBytes", String(LIMITS.scratch.max)) },
    baseRisk: "R0",
    risk: (parameters) => (amountOf(parameters, "maxBytes") <= FREE_SCRATCH_BYTES ? "R0" : "R1"),
    raisedBy: "R1 above 50 MB; the operator's limit `scratch` is the ceiling",
    sentence: "use {maxBytes} of temporary space that is erased when it stops.",
    implied: { maxBytes: FREE_SCRATCH_BYTES },
    ceiling: (limits) => ({ maxBytes: limits.scratchBytes }),
  }),
  "fs.data": capability({
    parameters: { max: bytes("maxBytes", String(LIMITS.disk.max)) },
    baseRisk: "R0",
    raisedBy: "the operator's limit `disk` is the ceiling",
    sentence: "keep its own files, up to {maxBytes}.",
    implied: { maxBytes: MOST_DATA_BYTES },
    ceiling: (limits) => ({ maxBytes: limits.diskBytes }),
  }),
  "file.handle": capability({
    baseRisk: "R0",
    sentence: "read or change only the files you hand to it.",
    implied: {},
  }),
  "fs.read": capability({
    parameters: { paths },
    baseRisk: "R2",
    risk: (parameters) => (textsOf(parameters, "paths").some(isPrivatePath) ? "R4" : "R2"),
    raisedBy: "R4 for home folders, /etc, the system's own folders and names that begin with a dot",
    sentence: "read the files in {paths}.",
  }),
  "fs.write": capability({
    parameters: { paths },
    baseRisk: "R3",
    risk: (parameters) => (textsOf(parameters, "paths").some(isProgramPath) ? "RX" : "R3"),
    raisedBy: "RX for places programs are run from",
    sentence: "create, change and delete files in {paths}.",
  }),
  "storage.kv": capability({
    parameters: { max: bytes("maxBytes", "1GB") },
    baseRisk: "R0",
    risk: (parameters) => (amountOf(parameters, "maxBytes") <= FREE_STORAGE_BYTES ? "R0" : "R1"),
    raisedBy: "R1 above 1 MB",
    sentence: "remember up to {maxBytes} of its own data.",
    implied: { maxBytes: FREE_STORAGE_BYTES },
  }),
} as const satisfies Record<string, Capability>;
