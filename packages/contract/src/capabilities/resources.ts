import { LIMITS } from "../limits.js";
import { LIMIT_FIELDS, LIMIT_NAMES, limitField, presetLimits } from "../schema/limit-fields.js";
import { type Capability, capability } from "./capability.js";
import { ABSOLUTE_PATH_PATTERN, MAX_PATH_LENGTH } from "./folder-path.js";
import { amount, amountOf, coversAmount, type Parameter, type Parameters, texts } from "./parameter.js";

/** Beyond so many times the production default, more computer is a medium risk. */
const MODEST_FACTOR = 4;

export const resourceCapabilities = {
  "process.spawn": capability({
    parameters: {
      programs: texts({
        field: "programs",
        pattern: ABSOLUTE_PATH_PATTERN,
        maxLength: MAX_PATH_LENGTH,
        what: "the absolute path of a program such as /usr/bin/convert",
      }),
    },
    baseRisk: "R4",
    sentence: "start the programs {programs} inside its own sandbox.",
  }),
  "worker.spawn": capability({
    parameters: { max: amount("max", 64) },
    baseRisk: "R1",
    sentence: "use up to {max} parallel workers.",
  }),
  "code.generate": capability({
    baseRisk: "R3",
    sentence: "create and run code while it runs. Checks before install cannot see that code.",
  }),
  "resources.raise": capability({
    parameters: Object.fromEntries(LIMIT_NAMES.map((name) => [name, raisedLimit(name)])),
    baseRisk: "R1",
    risk: (parameters) => (isGreedy(parameters) ? "R2" : "R1"),
    raisedBy: "R2 above four times the production default",
    sentence: "use more of your computer than usual: {*}.",
  }),
  "background.run": capability({ baseRisk: "R1", sentence: "keep running between calls." }),
  "log.write": capability({ baseRisk: "R0", sentence: "write its own log.", implied: {} }),
  "metrics.emit": capability({ baseRisk: "R0", sentence: "report its own numbers.", implied: {} }),
  "random.secure": capability({ baseRisk: "R0", sentence: "use secure random numbers.", implied: {} }),
  "time.now": capability({ baseRisk: "R0", sentence: "know the time.", implied: {} }),
} as const satisfies Record<string, Capability>;

function raisedLimit(name: (typeof LIMIT_NAMES)[number]): Parameter {
  return {
    schema: limitField(name).optional(),
    field: LIMIT_FIELDS[name],
    written: `${LIMITS[name].unit}, at most ${LIMITS[name].max}`,
    covers: coversAmount,
  };
}

function isGreedy(parameters: Parameters): boolean {
  const usual = presetLimits("production");
  return LIMIT_NAMES.some((name) => {
    const field = LIMIT_FIELDS[name];
    return amountOf(parameters, field) > MODEST_FACTOR * usual[field];
  });
}
