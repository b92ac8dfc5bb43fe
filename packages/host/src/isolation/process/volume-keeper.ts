import type { ChildProcess } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex, Writable } from "node:stream";
import { PaddockError } from "@paddock/contract";
import { untilDetached, VOLUME_FILES } from "./data-volume.js";
import { SpareVolumes } from "./spare-volumes.js";
import { startProcess } from "./start-process.js";
import { encodeStubInstructions, STUB_READY, type StubInstruction } from "./stub-instructions.js";
import { parseFailure, readStubReport } from "./stub-report.js";

/** A volume that no guest uses stays mounted so long: the next guest of that tenant starts without waiting. */
export const KEEP_VOLUME_MS = 30_000;

const MOUNT_TIMEOUT_MS = 10_000;

/** Descriptors of a keeper. */
const CHANNEL = 3;
const INSTRUCTIONS = 4;

/** A data volume, mounted in a mount namespace that only the guests who own it enter. */
export interface MountedVolume {
  /** For `joinMounts`. */
  readonly mounts: string;
  /** The plugin's files there. */
  readonly files: string;
  /** Says that one guest is done with it. May be called twice. */
  readonly release: () => void;
}

export interface VolumeRequest {
  readonly image: string;
  readonly uid: number;
  /** Makes, checks or resizes the image; runs only while nobody has it mounted. */
  readonly prepare: () => Promise<void>;
}

interface Keeper {
  readonly child: ChildProcess;
  readonly mounts: string;
  readonly files: string;
  readonly exited: Promise<void>;
}

interface Held {
  readonly keeper: Promise<Keeper>;
  users: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Keeps the volumes of a host mounted. One volume may only be mounted once, but several guests of one plugin
 * and tenant may run at a time, the old version of a plugin beside the new one; so a small process holds each
 * volume, in a mount namespace of its own, and goes when its channel ends: with the host, however that ends.
 */
export class VolumeKeepers {
  readonly spares: SpareVolumes;
  readonly #stub: string;
  readonly #directory: string;
  readonly #held = new Map<string, Held>();
  #count = 0;

  constructor(stub: string, directory: string) {
    this.#stub = stub;
    this.#directory = directory;
    this.spares = new SpareVolumes(join(directory, "spare"));
  }

  async acquire(request: VolumeRequest): Promise<MountedVolume> {
    const held = this.#held.get(request.image) ?? this.#hold(request);
    held.users++;
    clearTimeout(held.timer);
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      held.users--;
      if (held.users > 0) return;
      held.timer = setTimeout(() => this.#letGo(request.image, held), KEEP_VOLUME_MS).unref();
    };
    try {
      const { mounts, files } = await held.keeper;
      return { mounts, files, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Unmounts everything and waits until the kernel has let go. */
  async close(): Promise<void> {
    await Promise.all([
      this.spares.close(),
      ...[...this.#held].map(([image, held]) => this.#letGo(image, held)),
    ]);
  }

  #hold(request: VolumeRequest): Held {
    const keeper = this.#start(request);
    const held: Held = { keeper, users: 0, timer: undefined };
    this.#held.set(request.image, held);
    const forget = () => {
      if (this.#held.get(request.image) === held) this.#held.delete(request.image);
    };
    // A keeper that somebody killed, or that never came up, is made anew by the next guest.
    keeper.then(({ exited }) => exited.then(forget), forget);
    return held;
  }

  async #letGo(image: string, held: Held): Promise<void> {
    if (this.#held.get(image) === held) this.#held.delete(image);
    clearTimeout(held.timer);
    const keeper = await held.keeper.catch(() => undefined);
    if (keeper === undefined) return;
    // Its end is waited for now, whatever else the host's process has left to do.
    keeper.child.ref();
    keeper.child.kill("SIGKILL");
    await keeper.exited;
    await untilDetached(image).catch(() => undefined);
  }

  async #start({ image, uid, prepare }: VolumeRequest): Promise<Keeper> {
    await untilDetached(image);
    await prepare();
    const target = join(this.#directory, String(++this.#count));
    await mkdir(target, { recursive: true, mode: 0o700 });
    const files = join(target, VOLUME_FILES);
    const child = await startProcess(
      this.#stub,
      [String(INSTRUCTIONS), String(CHANNEL)],
      ["ignore", "ignore", "ignore", "pipe", "pipe"],
    );
    const stdio: readonly unknown[] = child.stdio;
    // Safe: stdio was asked for as pipes at these numbers.
    const channel = stdio[CHANNEL] as Duplex & { unref(): void };
    const instructions = stdio[INSTRUCTIONS] as Writable;
    const exited = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
    });
    for (const stream of [channel, instructions]) stream.on("error", () => stream.destroy());
    instructions.end(encodeStubInstructions(mountInstructions(image, target, files, uid)));
    const report = await readStubReport(channel, AbortSignal.timeout(MOUNT_TIMEOUT_MS)).catch(() => "");
    if (report !== STUB_READY) {
      child.kill("SIGKILL");
      await exited;
      throw mountError(image, report);
    }
    // Nothing more comes from it; it must not keep the host's process alive.
    channel.unref();
    child.unref();
    return { child, mounts: `/proc/${child.pid}/ns/mnt`, files, exited };
  }
}

/** Ends in waiting: `ready` reads from a channel on which nothing ever comes but its end. */
function mountInstructions(
  image: string,
  target: string,
  files: string,
  uid: number,
): readonly StubInstruction[] {
  return [
    { kind: "privateMounts" },
    { kind: "ext4Image", image, target, options: "errors=remount-ro" },
    { kind: "makeDirectory", path: files, mode: 0o700, uid, gid: uid },
    { kind: "dropCapabilities" },
    { kind: "closeFrom", descriptor: CHANNEL + 1 },
    { kind: "ready" },
    { kind: "execute", path: "/dev/null", argv: ["never"] },
  ];
}

function mountError(image: string, report: string): PaddockError {
  const failure = parseFailure(report);
  const state =
    failure === undefined ? "it did not come up" : `errno ${failure.errno} at step ${failure.index}`;
  return new PaddockError("SETUP_FAILED", `Cannot mount the data volume ${image}: ${state}.`, {
    hint: "Run `paddock doctor` to see what this machine offers.",
  });
}
