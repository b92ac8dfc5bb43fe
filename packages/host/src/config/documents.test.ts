import { readFileSync } from "node:fs";
import { jsonSchemas, parseConfig, parseManifest } from "@paddock/contract";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";

const ajv = new Ajv2020({ strict: false });

test("every manifest in docs/manifest.md is accepted, by editors too", () => {
  const examples = fences("manifest.md", "yaml").map((text): unknown => parse(text));
  expect(examples).toHaveLength(2);
  const accepts = ajv.compile(jsonSchemas()["manifest-1.json"] ?? false);
  for (const example of examples) {
    expect(parseManifest(example, "plugin.yaml").manifest).toBe(1);
    expect(accepts(example), ajv.errorsText(accepts.errors)).toBe(true);
  }
});

test("editors are told of a misspelt key, capability and missing reason", () => {
  const accepts = ajv.compile(jsonSchemas()["manifest-1.json"] ?? false);
  const least: object = parse(fences("manifest.md", "yaml")[0] ?? "");
  const asking = (request: object) => ({ ...least, permissions: { required: [request] } });
  expect(accepts({ ...least, titel: "x" })).toBe(false);
  expect(accepts(asking({ use: "net.fetsh", reason: "x" }))).toBe(false);
  expect(accepts(asking({ use: "background.run" }))).toBe(false);
  expect(accepts(asking({ use: "background.run", reason: "x" }))).toBe(true);
});

test("the configuration in docs/configuration.md is accepted, by editors too", () => {
  const [example = ""] = fences("configuration.md", "ts");
  const written: unknown = parse(example.replace("export default ", "").replace(";", ""));
  expect(parseConfig(written, "paddock.config.ts").preset).toBe("production");
  expect(ajv.validate(jsonSchemas()["config-1.json"] ?? false, written), ajv.errorsText()).toBe(true);
});

function fences(document: string, language: string): readonly string[] {
  const markdown = readFileSync(new URL(`../../../../docs/${document}`, import.meta.url), "utf8");
  const found = markdown.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"));
  return [...found].map((match) => match[1] ?? "");
}
