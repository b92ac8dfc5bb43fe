import { join } from "node:path";
import type { PlannedData, PlannedInput, PlannedMount } from "./launch-plan.js";
import type { MountFlag, StubInstruction } from "./stub-instructions.js";

/**
 * Where the staged inputs appear to bubblewrap, in a mount namespace of the guest's own: a directory that
 * every machine has and that nothing of the host's is needed from at that point.
 */
const STAGED = "/tmp";

const READ_ONLY: readonly MountFlag[] = ["ro", "nosuid", "nodev", "noexec"];
const WRITABLE: readonly MountFlag[] = ["nosuid", "nodev", "noexec"];
const EXECUTABLE: readonly MountFlag[] = ["ro", "nosuid", "nodev"];

export interface OuterStage {
  readonly instructions: readonly StubInstruction[];
  /** The inputs again, at the paths where bubblewrap finds them. */
  readonly inputs: readonly PlannedInput[];
  readonly mounts: readonly PlannedMount[];
  readonly stubSource: string;
  readonly dataSource: string | undefined;
}

export interface OuterStageRequest {
  /** An empty directory of this host's to build in. */
  readonly stage: string;
  readonly inputs: readonly PlannedInput[];
  readonly mounts: readonly PlannedMount[];
  readonly stubSource: string;
  readonly data: PlannedData | undefined;
  readonly uid: number;
  /** Control groups to move into, by their files for that. */
  readonly joinFiles: readonly string[];
  readonly bubblewrap: string;
  readonly bubblewrapArguments: readonly string[];
}

/**
 * What root does before it becomes the plugin's own uid: every source is bound, as root, into one place
 * that this uid can reach, however private the folders above it are; then root is gone for good. Nothing
 * of it is visible outside this mount namespace, and all of it ends with the last process inside.
 *
 * It does not ask to die with the host. bubblewrap would inherit that, and a bubblewrap killed between its fork
 * and the uid map leaves a child that waits for the map for ever. Left alone it goes on to the gate, where the
 * end of the channel ends it.
 */
export function planOuterStage(request: OuterStageRequest): OuterStage {
  const { stage, uid, data } = request;
  const staged = (name: string) => join(STAGED, name);
  const building = (name: string) => join(stage, name);
  const inputs = request.inputs.map((input, index) => ({ ...input, source: staged(`input-${index}`) }));
  const instructions: StubInstruction[] = [
    ...joinGroups(request.joinFiles),
    ...(data?.mounts === undefined ? [] : [{ kind: "joinMounts", path: data.mounts } as const]),
    { kind: "privateMounts" },
    { kind: "tmpfs", target: stage, sizeBytes: 1024 * 1024, inodes: 4_096, mode: 0o755, uid: 0, gid: 0 },
    ...request.inputs.map(
      (input, index) =>
        ({
          kind: "bindMount",
          source: input.source,
          target: building(`input-${index}`),
          flags: input.executable ? EXECUTABLE : READ_ONLY,
        }) as const,
    ),
    ...request.mounts.map(
      ({ source, access, owner }, index) =>
        ({
          kind: "bindMapped",
          source,
          target: building(`grant-${index}`),
          flags: access === "read" ? READ_ONLY : WRITABLE,
          owner,
          uid,
          gid: uid,
        }) as const,
    ),
    {
      kind: "bindMount",
      source: request.stubSource,
      target: building("stub"),
      flags: ["ro", "nosuid", "nodev"],
    },
    ...(data === undefined ? [] : [bindData(data.path, building("data"))]),
    { kind: "moveMount", source: stage, target: STAGED },
    { kind: "identity", uid, gid: uid },
    {
      kind: "execute",
      path: request.bubblewrap,
      argv: [request.bubblewrap, ...request.bubblewrapArguments],
    },
  ];
  return {
    instructions,
    inputs,
    mounts: request.mounts.map((mount, index) => ({ ...mount, source: staged(`grant-${index}`) })),
    stubSource: staged("stub"),
    dataSource: data === undefined ? undefined : staged("data"),
  };
}

/**
 * The same for a root that may not mount, as in many containers: only the user changes, so that every source
 * must be reachable for the plugin's own.
 */
export function planIdentityStage(
  uid: number,
  joinFiles: readonly string[],
  bubblewrap: string,
  argv: readonly string[],
): readonly StubInstruction[] {
  return [
    ...joinGroups(joinFiles),
    { kind: "identity", uid, gid: uid },
    { kind: "execute", path: bubblewrap, argv: [bubblewrap, ...argv] },
  ];
}

function joinGroups(files: readonly string[]): readonly StubInstruction[] {
  return files.map((path) => ({ kind: "writeFile", path, text: "0" }) as const);
}

function bindData(source: string, target: string): StubInstruction {
  return { kind: "bindMount", source, target, flags: WRITABLE };
}
