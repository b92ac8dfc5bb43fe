import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "./serve.ts";

const home = await mkdtemp(join(tmpdir(), "paddock-transform-"));
// Searchable by the plugins' own users, which a host that is root gives them.
await chmod(home, 0o711);
try {
  await using service = await serve(0, home);
  const text = await readFile(join(import.meta.dirname, "data/tz-rules.txt"), "utf8");
  const items = text.trimEnd().split("\n");
  for (const name of ["rules", "stuck", "curious", "none"]) {
    const startedAt = performance.now();
    const answer = await fetch(`${service.url}/transform/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ items }),
    });
    const body: { readonly items?: readonly unknown[]; readonly code?: string } = JSON.parse(
      await answer.text(),
    );
    const said = body.items === undefined ? body.code : `${body.items.length} records`;
    const ms = Math.round(performance.now() - startedAt);
    console.log(`${name.padEnd(8)} ${items.length} items → ${answer.status}, ${said}, ${ms} ms`);
  }
} finally {
  await rm(home, { recursive: true, force: true });
}
