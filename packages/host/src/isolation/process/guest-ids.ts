import { readStartTime } from "../../process-status.js";
import { childrenOf, type ProcessName } from "./children-of.js";

/** The processes of a guest that the host knows by name. */
export interface GuestIds {
  /** The first process of the guest's namespace: when it ends, all end. */
  readonly first: ProcessName;
  /** The program; the same one, unless a process of ours is the first. */
  readonly program: ProcessName;
}

/** Found while the program waits at the gate; `undefined` when it is gone. */
export function findProgram(firstPid: number, hasInit: boolean): GuestIds | undefined {
  const startTime = readStartTime(firstPid);
  if (startTime === undefined) return undefined;
  const first = { pid: firstPid, startTime };
  const program = hasInit ? childrenOf(firstPid)[0] : first;
  return program === undefined ? undefined : { first, program };
}
