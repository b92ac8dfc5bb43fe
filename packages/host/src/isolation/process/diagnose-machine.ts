import type { Mechanism } from "../isolation.js";
import { findBubblewrap } from "./bubblewrap.js";
import { openCgroups } from "./cgroup/open-cgroups.js";
import { findVolumeTools } from "./data-volume.js";
import { diagnose } from "./diagnose.js";
import { type Enforcement, enforcementOf } from "./enforcement.js";
import { assertEnvironment, canMount } from "./environment.js";

/** What one machine offers, to whoever runs this process. */
export interface MachineDiagnosis {
  /** Version and path of bubblewrap, or why there is none to use. */
  readonly bubblewrap: string;
  readonly mechanisms: readonly Mechanism[];
  /** Who holds each limit here. */
  readonly limits: readonly Enforcement[];
}

/** What bubblewrap raises: without it none of these can stand. */
const BY_BUBBLEWRAP: ReadonlySet<string> = new Set([
  "user-namespace",
  "pid-namespace",
  "network-namespace",
  "mount-namespace",
  "ipc-namespace",
  "uts-namespace",
  "cgroup-namespace",
  "no-new-privileges",
  "no-capabilities",
]);

const INSTALL =
  "Install bubblewrap: sudo apt-get install -y bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora), sudo pacman -S bubblewrap (Arch).";

/**
 * Looks at the machine without starting a host: works where none can be started, and names what is missing.
 * Throws UNSUPPORTED_PLATFORM where the walls do not exist at all.
 */
export async function diagnoseMachine(): Promise<MachineDiagnosis> {
  assertEnvironment();
  const [bubblewrap, cgroups, tools] = await Promise.all([
    findBubblewrap(),
    openCgroups(),
    findVolumeTools(),
  ]);
  try {
    const mayMount = canMount();
    const isThere = typeof bubblewrap !== "string";
    const mechanisms = await diagnose({
      // Nothing runs in its place: the trials fail, and are told apart below.
      bubblewrap: isThere ? bubblewrap : { path: "/nonexistent", version: "none" },
      cgroups,
      volume: mayMount ? tools : "this process may not mount",
      isRoot: process.getuid?.() === 0,
      canMount: mayMount,
    });
    return {
      bubblewrap: isThere ? `${bubblewrap.version} (${bubblewrap.path})` : bubblewrap,
      mechanisms: isThere ? mechanisms : mechanisms.map(withoutBubblewrap),
      limits: enforcementOf({
        controllers: cgroups?.controllers,
        hasVolumes: mayMount && typeof tools !== "string",
      }),
    };
  } finally {
    await cgroups?.close();
  }
}

function withoutBubblewrap(mechanism: Mechanism): Mechanism {
  if (!BY_BUBBLEWRAP.has(mechanism.name)) return mechanism;
  return { ...mechanism, present: false, found: "needs bubblewrap", fix: INSTALL };
}
