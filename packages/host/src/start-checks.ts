import { mkdir } from "node:fs/promises";
import { PaddockError } from "@paddock/contract";
import type { ResolvedConfig } from "./config/resolve-config.js";
import type { Isolation } from "./isolation/isolation.js";

export async function makeHome(home: string): Promise<void> {
  try {
    // Searchable by the plugins' own users, readable by its owner only.
    await mkdir(home, { recursive: true, mode: 0o711 });
  } catch (cause) {
    throw new PaddockError(
      "STORE_FAILED",
      `Cannot use ${home} as the host's home: ${cause instanceof Error ? cause.message : ""}.`,
      {
        hint: "Choose another with the option home.",
        cause,
      },
    );
  }
}

export async function assertMechanisms(config: ResolvedConfig, isolation: Isolation): Promise<void> {
  const required = new Set<string>(config.requires);
  const missing = (await isolation.diagnose()).filter(({ name, present }) => !present && required.has(name));
  if (missing.length === 0) return;
  // What fails for one reason is said once.
  const reasons = [...new Set(missing.map(({ found }) => found))];
  const list = reasons
    .map(
      (reason) =>
        `${missing
          .filter(({ found }) => found === reason)
          .map(({ name }) => name)
          .join(", ")} (${reason})`,
    )
    .join("; ");
  throw new PaddockError(
    "SETUP_FAILED",
    `Cannot start: the preset "${config.preset}" requires what this machine lacks: ${list}.`,
    {
      hint: [...new Set(missing.map(({ fix }) => fix))].filter(Boolean).join(" "),
      data: { missing: missing.map(({ name }) => name) },
    },
  );
}
