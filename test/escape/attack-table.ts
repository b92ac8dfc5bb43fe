import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, type ArenaOptions, openArena } from "./arena.js";

/** One plugin and what it tries, every try a call of its own. */
export interface Attack {
  /** Folder under test/plugins. */
  readonly plugin: string;
  readonly tries: readonly unknown[] | ((arena: Arena) => readonly unknown[]);
  /** What the kernel says when nothing in the language stands before it. */
  readonly refused: RegExp;
  /** What the guards say where they notice; otherwise they must say what the kernel says. */
  readonly guarded?: RegExp;
  /** Code that the caller gets; a guard's denial has its own. */
  readonly code?: string | readonly string[];
  /** Looks at the host afterwards. */
  readonly outside?: (arena: Arena) => void | Promise<void>;
}

const DENIED = ["PLUGIN_BUG", "CAPABILITY_NOT_DECLARED", "START_FAILED"];
const GUARDED = /EACCES|Cannot|not permitted|EPERM/;

/** Each attack with the guards of the language and without them: the kernel alone must do. */
export function testAttacks(title: string, attacks: readonly Attack[], options: ArenaOptions = {}): void {
  describe.each([
    { guards: true, stands: "with guards" },
    { guards: false, stands: "behind the kernel's walls alone" },
  ])(`${title}, $stands`, ({ guards }) => {
    let arena: Arena;
    beforeAll(async () => {
      arena = await openArena({ ...options, interpreter: { guards } });
    });
    afterAll(async () => arena?.close());

    test.each(attacks)(
      "$plugin fails",
      async ({ plugin, tries, refused, guarded = GUARDED, code = "PLUGIN_BUG", outside }) => {
        const payloads = typeof tries === "function" ? tries(arena) : tries;
        for (const payload of payloads) {
          const what = `${plugin} ${JSON.stringify(payload)}`.slice(0, 200);
          const outcome = await arena.attack(plugin, payload);
          expect(outcome, what).toMatchObject({ kind: "refused" });
          if (outcome.kind === "answered") continue;
          const codes = [code, guards ? DENIED : []].flat();
          expect(codes, `${what}: ${outcome.message}`).toContain(outcome.code);
          expect(outcome.message, what).toMatch(
            guards ? new RegExp(`${refused.source}|${guarded.source}`) : refused,
          );
        }
        await outside?.(arena);
        await arena.assertUnharmed();
      },
    );
  });
}
