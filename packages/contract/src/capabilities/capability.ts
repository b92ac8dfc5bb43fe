import type { Limits } from "../limits.js";
import type { Parameter, Parameters } from "./parameter.js";
import type { Risk } from "./risk.js";

/** One row of the vocabulary. */
export interface Capability {
  /** Parameters by the name people write. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Risk before the parameters raise it. */
  readonly baseRisk: Risk;
  /** Risk of a request in normal form. */
  readonly risk: (parameters: Parameters) => Risk;
  /** What raises the risk, in words for the documents. */
  readonly raisedBy?: string;
  /** Goes on from "This plugin can …"; `{field}` stands for a parameter inside. */
  readonly sentence: string;
  /** What every plugin has without asking; absent for everything above R0. */
  readonly implied?: Parameters;
  /** Whether it is about the person a call is made for: every plugin on the way must have it then. */
  readonly isBoundToPerson: boolean;
  /** The most the operator's limits leave. */
  readonly ceiling?: (limits: Limits) => Parameters;
}

export type CapabilityRow = Partial<Pick<Capability, "parameters" | "risk" | "isBoundToPerson">> &
  Pick<Capability, "baseRisk" | "sentence" | "raisedBy" | "implied" | "ceiling">;

/** Fills in what most rows leave out. */
export function capability(row: CapabilityRow): Capability {
  return { parameters: {}, risk: () => row.baseRisk, isBoundToPerson: false, ...row };
}
