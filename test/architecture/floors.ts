/** One level of the house, from the top down. */
export interface Floor {
  readonly about: string;
  /** Folders (ending in "/") and files; the longest one that a path begins with is its room. */
  readonly rooms: readonly string[];
}

/**
 * A file may import from its own room and from rooms on lower floors; types count. ARCHITECTURE.md shows the
 * same table.
 */
export const FLOORS: readonly Floor[] = [
  { about: "the command", rooms: ["packages/cli/src/"] },
  { about: "a host behind a socket", rooms: ["packages/server/src/"] },
  { about: "the door of the library", rooms: ["packages/host/src/index.ts"] },
  { about: "the composition root", rooms: ["packages/host/src/host.ts"] },
  { about: "the plugins of a host", rooms: ["packages/host/src/plugin-shelf.ts"] },
  {
    about: "a host for the applications' own tests",
    rooms: ["packages/host/src/fake/"],
  },
  { about: "any program behind the same walls, without a host", rooms: ["packages/host/src/exec/"] },
  {
    about: "what a host is to everybody, and what it asks of the machine",
    rooms: ["packages/host/src/host-interface.ts", "packages/host/src/start-checks.ts"],
  },
  {
    about: "what operators do, and one question to many plugins",
    rooms: ["packages/host/src/admin/", "packages/host/src/points/"],
  },
  {
    about: "what happens to a call, and to a request of a guest",
    rooms: [
      "packages/host/src/dependencies/",
      "packages/host/src/pipeline/",
      "packages/host/src/supervisor/",
      "packages/host/src/capabilities/",
      "packages/host/src/loading/",
    ],
  },
  { about: "a loaded plugin, as data", rooms: ["packages/host/src/supervisor/plugin.ts"] },
  { about: "code, stored and bundled (inside a sandbox)", rooms: ["packages/host/src/bundle/"] },
  {
    about: "walls, interpreters, rights, bytes that flow",
    rooms: [
      "packages/host/src/isolation/",
      "packages/host/src/runtimes/",
      "packages/host/src/permissions/",
      "packages/host/src/streams/",
    ],
  },
  { about: "the port of the runtimes", rooms: ["packages/host/src/runtimes/runtime.ts"] },
  { about: "the port of the isolations", rooms: ["packages/host/src/isolation/isolation.ts"] },
  {
    about: "what the rooms above stand on",
    rooms: [
      "packages/host/src/config/",
      "packages/host/src/store/",
      "packages/host/src/telemetry/",
      "sdks/typescript/src/",
    ],
  },
  { about: "small leaf files of the host", rooms: ["packages/host/src/"] },
  { about: "what both sides of a wall agree on", rooms: ["packages/contract/src/"] },
];

/** Siblings under a port: each folder or file on a list is one of them, and none imports another. */
export const SIBLINGS: readonly (readonly string[])[] = [
  [
    "packages/host/src/isolation/in-process/",
    "packages/host/src/isolation/process/",
    "packages/host/src/isolation/container/",
    "packages/host/src/isolation/worker/",
  ],
  [
    "packages/host/src/runtimes/node.ts",
    "packages/host/src/runtimes/python.ts",
    "packages/host/src/runtimes/program.ts",
    "packages/host/src/runtimes/wasm.ts",
    "packages/host/src/runtimes/mcp.ts",
  ],
  [
    "packages/host/src/capabilities/events.ts",
    "packages/host/src/capabilities/files.ts",
    "packages/host/src/capabilities/kv.ts",
    "packages/host/src/capabilities/network.ts",
    "packages/host/src/capabilities/plugin-call.ts",
    "packages/host/src/capabilities/secrets.ts",
  ],
];

/** The doors of the packages: what may stand after `from` outside of a package, and the file it leads to. */
export const DOORS: Readonly<Record<string, string>> = {
  "@paddock/contract": "packages/contract/src/index.ts",
  "@paddock/host": "packages/host/src/index.ts",
  "@paddock/server": "packages/server/src/index.ts",
  "@paddock/sdk": "sdks/typescript/src/index.ts",
  "@paddock/sdk/testing": "sdks/typescript/src/testing/index.ts",
  "@paddock/sdk/guest-entry": "sdks/typescript/src/guest/guest-entry.ts",
};
