import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPaddockError } from "@paddock/host";
import { expect } from "vitest";
import type { Arena } from "./arena.js";

/** Node cannot make one; every Debian has this program. */
const MAKE_PIPE = "mkfifo";

export const MANIFEST = `manifest: 1
id: attacker/folder
version: 1.0.0
title: Folder
description: A folder that means harm.
publisher: { name: Attacker, contact: attacker@example.com }
engines: { paddock: ">=0.1" }
runtime: { kind: node, entry: main.js }
actions:
  attack: { title: Attack, input: {}, output: {} }
`;

/** Code that answers with the expression. */
export function code(answer: string): string {
  return `export default { [Symbol.for("paddock.plugin")]: 1, actions: { attack: () => ${answer} } };`;
}

export type Spoil = (folder: string) => void;

/** Folders of plugins that are made for one test, each a good one, spoiled. */
export interface SpoiledFolders {
  readonly base: string;
  make(spoil: Spoil): string;
  /** "loaded", or the code of the error; throws when the host was harmed or tells what it should not. */
  load(folder: string): Promise<string>;
  remove(): void;
}

export function openSpoiledFolders(arena: Arena): SpoiledFolders {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "folders-")));
  let count = 0;
  return {
    base,
    make: (spoil) => {
      count += 1;
      const folder = join(base, String(count));
      mkdirSync(folder);
      writeFileSync(join(folder, "plugin.yaml"), MANIFEST);
      writeFileSync(join(folder, "main.js"), code('"started"'));
      spoil(folder);
      return folder;
    },
    load: async (folder) => {
      const startedAt = performance.now();
      try {
        await arena.host.load(folder);
        return "loaded";
      } catch (error) {
        if (!isPaddockError(error)) throw error;
        expect(JSON.stringify(error)).not.toContain(arena.secret);
        expect(error.message).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u);
        return error.code;
      } finally {
        expect(performance.now() - startedAt).toBeLessThan(10_000);
        await arena.assertUnharmed();
      }
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

export function link(name: string, target: () => string): Spoil {
  return (folder) => {
    rmSync(join(folder, name), { force: true });
    symlinkSync(target(), join(folder, name));
  };
}

export function pipe(name: string): Spoil {
  return (folder) => {
    rmSync(join(folder, name), { force: true });
    execFileSync(MAKE_PIPE, [join(folder, name)]);
  };
}

export function manifest(from: string, to: string): Spoil {
  return (folder) => writeFileSync(join(folder, "plugin.yaml"), MANIFEST.replace(from, to));
}
