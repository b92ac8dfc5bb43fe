import {
  MAX_RANGE_LENGTH,
  parseRange,
  RANGE_PATTERN,
  rangeCovers,
  touchesMetadata,
} from "./address-range.js";
import { type Capability, capability } from "./capability.js";
import {
  coversAlmostEverything,
  HOST_PATTERN,
  hostCovers,
  isHonestHost,
  MAX_HOST_LENGTH,
  NAME_PATTERN,
  normalHost,
  TARGET_PATTERN,
} from "./network-names.js";
import { bytes, type Parameter, texts, textsOf } from "./parameter.js";

const METHODS = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/;
const DEFAULT_RESPONSE_BYTES = 10 * 1024 ** 2;

/** Hosts as `net.fetch` and `secret.use` name them. */
export const hosts: Parameter = texts({
  field: "hosts",
  pattern: HOST_PATTERN,
  maxLength: MAX_HOST_LENGTH,
  what: "a host in lower case such as api.example.com:443, *.example.com, or *",
  isValid: isHonestHost,
  normalise: normalHost,
  covers: hostCovers,
});

export const networkCapabilities = {
  "net.fetch": capability({
    parameters: {
      hosts,
      methods: texts({
        field: "methods",
        pattern: METHODS,
        maxLength: 7,
        what: "an HTTP method such as GET",
        preset: ["GET"],
      }),
      maxResponse: bytes("maxResponseBytes", "1GB", DEFAULT_RESPONSE_BYTES),
    },
    baseRisk: "R2",
    risk: (parameters) => {
      const named = textsOf(parameters, "hosts");
      if (named.some(coversAlmostEverything)) return "R4";
      return named.some((host) => host.startsWith("*.")) ? "R3" : "R2";
    },
    raisedBy: "R3 for sub-domains (*.example.com), R4 for * and whole top-level domains",
    sentence: "send requests to {hosts} ({methods}) and read the answers.",
  }),
  "net.connect": capability({
    parameters: {
      targets: texts({
        field: "targets",
        pattern: TARGET_PATTERN,
        maxLength: MAX_HOST_LENGTH + 6,
        what: "a target such as tcp://db.example.com:5432",
        isValid: isHonestHost,
      }),
    },
    baseRisk: "R3",
    sentence: "open a raw network connection to {targets}. The host cannot see what is inside.",
  }),
  "net.private": capability({
    parameters: {
      cidrs: texts({
        field: "cidrs",
        pattern: RANGE_PATTERN,
        maxLength: MAX_RANGE_LENGTH,
        what: "a block of addresses such as 10.0.0.0/8",
        isValid: (range) => parseRange(range) !== undefined,
        covers: rangeCovers,
      }),
    },
    baseRisk: "R3",
    risk: (parameters) => (textsOf(parameters, "cidrs").some(touchesMetadata) ? "RX" : "R3"),
    raisedBy: "RX where a cloud hands out credentials (169.254.0.0/16 and alike)",
    sentence: "reach machines inside your own network: {cidrs}.",
  }),
  "net.resolve": capability({
    parameters: {
      names: texts({
        field: "names",
        pattern: NAME_PATTERN,
        maxLength: MAX_HOST_LENGTH,
        what: "a name in lower case such as example.com, *.example.com, or *",
        covers: hostCovers,
      }),
    },
    baseRisk: "R1",
    risk: (parameters) => (textsOf(parameters, "names").some(coversAlmostEverything) ? "R2" : "R1"),
    raisedBy: "R2 for * and whole top-level domains",
    sentence: "look up internet addresses for {names}.",
  }),
} as const satisfies Record<string, Capability>;
