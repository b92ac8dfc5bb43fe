import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FLOORS } from "./floors.ts";
import { readImports } from "./read-imports.ts";
import { ROOT, readRepositoryFile, repositoryFiles } from "./repository.ts";
import { strayArrows } from "./stray-arrows.ts";

const SOURCE = /^(packages|sdks)\/[^/]+\/src\/.+\.ts$/;

/** Tests put rooms together as a host does, so they may import from above; fixtures of theirs may too. */
const sources = repositoryFiles().filter((path) => SOURCE.test(path) && !path.endsWith(".test.ts"));

describe("the floors", () => {
  it("are kept by every import of every source file", () => {
    const arrows = sources.flatMap((file) => readImports(ROOT, file));
    // A scanner that sees nothing would agree with everything.
    expect(arrows.length).toBeGreaterThan(sources.length);
    expect(strayArrows(arrows)).toEqual([]);
  });

  it("hold rooms that exist", () => {
    const missing = FLOORS.flatMap(({ rooms }) => rooms).filter((room) => !existsSync(join(ROOT, room)));
    expect(missing).toEqual([]);
  });

  it("are shown by ARCHITECTURE.md as they are", () => {
    const rows = FLOORS.map(
      ({ about, rooms }) => `| ${rooms.map((room) => `\`${room}\``).join(" ")} | ${about} |`,
    );
    expect(readRepositoryFile("ARCHITECTURE.md")).toContain(rows.join("\n"));
  });
});
