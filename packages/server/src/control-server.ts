import { chmod, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { PaddockError } from "@paddock/contract";
import type { Host } from "@paddock/host";
import { claimControlDirectory, codeOf, lookAt } from "./control-directory.js";

export interface ControlServerOptions {
  /** Where the socket is made; its folder must be this user's own, and is made when it is missing. */
  readonly path: string;
  /** Said to whoever asks what this is: version, preset, home. */
  readonly about?: () => Readonly<Record<string, unknown>>;
}

export interface ControlServer {
  readonly path: string;
  /** Takes no new request, waits for the calls that run, then ends every connection. May be called twice. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

const DRAIN_MS = 10_000;

/**
 * Puts a host behind a socket that only its owner can open: the folder lets nobody else in, and the socket has no
 * other's permission. Rejects with HOME_IN_USE where another host answers, with SETUP_FAILED where something else is.
 */
export async function createControlServer(
  host: Host,
  { path, about = () => ({}) }: ControlServerOptions,
): Promise<ControlServer> {
  const directory = await claimControlDirectory(path);
  try {
    await removeStale(directory.address, path);
    const startedAt = new Date().toISOString();
    const actor = { id: `local:${process.geteuid?.() ?? "unknown"}`, roles: ["operator"] };
    // Only now: commands that are clients of a host must not wait until an HTTP server is loaded.
    const { createControlApp } = await import("./control-app.js");
    const control = createControlApp(host, {
      about: () => ({ ...about(), pid: process.pid, startedAt }),
      authenticate: () => actor,
    });
    try {
      await control.app.listen({ path: directory.address });
      await chmod(directory.address, 0o600);
    } catch (error) {
      await control.app.close();
      throw codeOf(error) === "EADDRINUSE" ? inUse(path) : error;
    }
    let closing: Promise<void> | undefined;
    return {
      path,
      close: ({ drainMs = DRAIN_MS } = {}) => {
        closing ??= control.close(drainMs).finally(() => directory.close());
        return closing;
      },
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
}

/** A killed host leaves its socket. One that answers belongs to a living host; anything else is not ours to remove. */
async function removeStale(address: string, path: string): Promise<void> {
  const found = await lookAt(address);
  if (found === undefined) return;
  if (found === "other") {
    throw new PaddockError(
      "SETUP_FAILED",
      `Cannot make the control socket ${path}: something else is there.`,
      {
        hint: "See what it is and remove it.",
      },
    );
  }
  if (await answers(address)) throw inUse(path);
  await unlink(address);
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Only this says that nobody listens; a host that is too busy to answer is alive.
    socket.once("error", (error) => resolve(codeOf(error) !== "ECONNREFUSED"));
  });
}

function inUse(path: string): PaddockError {
  return new PaddockError(
    "HOME_IN_USE",
    `Cannot make the control socket ${path}: another host answers there.`,
    {
      hint: "Use that host, stop it, or give this one another home: --home DIR.",
    },
  );
}
