import { PaddockError } from "@paddock/contract";
import type { Posture, Wall } from "../isolation.js";
import { type LaunchPlan, STUB_TARGET } from "./launch-plan.js";
import type { Seen } from "./seen.js";
import type { StubInstruction } from "./stub-instructions.js";
import { grants } from "./walls/grants.js";
import {
  cgroupNamespace,
  ipcNamespace,
  networkNamespace,
  pidNamespace,
  session,
  userNamespace,
  utsNamespace,
} from "./walls/namespaces.js";
import { capabilities, controlGroup, descriptors, noNewPrivileges, seccomp } from "./walls/privileges.js";
import { resourceLimits } from "./walls/resource-limits.js";
import { data, rootFileSystem, scratch } from "./walls/root-fs.js";
import { type WallDefinition, WallDifference } from "./walls/wall.js";

/** Every wall, in the order in which they rise: what still needs a privilege comes before it is given away. */
export const WALLS: readonly WallDefinition[] = [
  controlGroup,
  userNamespace,
  pidNamespace,
  networkNamespace,
  ipcNamespace,
  utsNamespace,
  cgroupNamespace,
  session,
  rootFileSystem,
  scratch,
  grants,
  data,
  resourceLimits,
  noNewPrivileges,
  capabilities,
  descriptors,
  seccomp,
];

/** Arguments for bubblewrap, without the command. */
export function bubblewrapArguments(plan: LaunchPlan): readonly string[] {
  return WALLS.flatMap((wall) => wall.bubblewrap?.(plan) ?? []);
}

/** What the stub does inside, and for each instruction the wall it belongs to. */
export function stubInstructions(plan: LaunchPlan): readonly (readonly [wall: string, StubInstruction])[] {
  const { spec } = plan;
  return [
    ["environment", { kind: "environment", variables: spec.env }],
    ...WALLS.flatMap((wall) => (wall.stub?.(plan) ?? []).map((step) => [wall.name, step] as const)),
    ["gate", { kind: "ready" }],
    ["program", { kind: "chdir", path: spec.workingDirectory }],
    ["program", { kind: "execute", path: spec.program, argv: [spec.program, ...spec.args] }],
  ];
}

/** The command that bubblewrap runs: the stub, told where its instructions are and where to report. */
export function stubCommand(instructions: number, report: number): readonly string[] {
  return [STUB_TARGET, String(instructions), String(report)];
}

/** Compares the waiting process with what was asked; a difference is SETUP_FAILED and names the wall. */
export function checkPosture(plan: LaunchPlan, seen: Seen): Posture {
  const walls: Wall[] = WALLS.map((wall) => {
    try {
      return { name: wall.name, found: wall.check(plan, seen) };
    } catch (error) {
      if (!(error instanceof WallDifference)) throw error;
      throw new PaddockError(
        "SETUP_FAILED",
        `Cannot start "${plan.spec.label}": the wall "${wall.name}" is not as asked: ${error.message}.`,
        {
          hint: "Run `paddock doctor` to see what this machine offers.",
          data: { wall: wall.name, expected: error.expected, found: error.found },
        },
      );
    }
  });
  return { walls };
}
