import { createHost } from "@paddock/host";
import { expect, it } from "vitest";
import { ROOT, readRepositoryFile } from "../../architecture/repository.ts";
import { runIn } from "../../packaging/run-in.ts";
import { createPlace, NODE } from "./place.ts";

const IN_PLAIN_NODE = `
  import { readFileSync } from "node:fs";
  import MarkdownIt from "markdown-it";
  process.stdout.write(new MarkdownIt({ linkify: true }).render(readFileSync("README.md", "utf8")));
`;

it("the example markdown renders this repository's README as the library does in plain Node", async () => {
  await using place = await createPlace();
  await using host = await createHost({ home: place.home });
  await host.load(`${ROOT}/examples/markdown`);
  const answer = await host.call("paddock-examples/markdown", "render", {
    markdown: readRepositoryFile("README.md"),
  });
  const plain = await runIn(ROOT, [NODE, "--input-type=module", "--eval", IN_PLAIN_NODE]);
  expect(plain.output).toContain("<h1>Paddock</h1>");
  expect(answer).toEqual({ html: plain.output });
});
