import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost } from "@paddock/host";
import { reviewDocuments } from "./review-documents.ts";
import { REVIEW } from "./review-point.ts";

const paths = process.argv.slice(2);
const plugins = join(import.meta.dirname, "plugins");
const home = await mkdtemp(join(tmpdir(), "paddock-embed-"));
try {
  // The plugins' own users have to reach what lies in it.
  await chmod(home, 0o711);
  await using host = await createHost({
    home,
    points: [REVIEW],
    // Who is still busy two seconds after the question is ended.
    limits: { timeout: "2s" },
  });
  const loaded = await host.loadAll((await readdir(plugins)).map((name) => join(plugins, name)));
  await Promise.all(loaded.map(({ id }) => host.start(id)));
  const reviews = await reviewDocuments(host, paths);
  for (const path of paths) {
    const line = reviews
      .filter((review) => review.path === path)
      .map(
        ({ plugin, outcome }) => `${plugin} ${typeof outcome === "number" ? `${outcome} found` : outcome}`,
      );
    console.log(`${path}: ${line.join(", ")}`);
  }
} finally {
  await rm(home, { recursive: true, force: true });
}
