import { readFileSync } from "node:fs";
import { formatDuration, jsonSchemas, parseConfig, parseManifest } from "@paddock/contract";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { effectiveSettings } from "./effective-settings.js";

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

test("docs/configuration.md names every setting with the default that it has", () => {
  const settings = effectiveSettings({ preset: "production", defaults: {}, plugins: {} }, { id: "acme/x" });
  const defaults = Object.entries(settings).flatMap(([name, value]) =>
    typeof value === "object"
      ? Object.entries(value).map(([key, inner]) => written(`${name}.${key}`, inner))
      : [written(name, value)],
  );
  const section =
    readDocument("configuration.md")
      .split(/^## /m)
      .find((text) => text.startsWith("How plugins")) ?? "";
  const told = [...section.matchAll(/^\| (`.*?) \| `?(.*?)`? \|/gm)].flatMap(([, names = "", value = ""]) =>
    [...names.matchAll(/`(.*?)`/g)].map(([, name]) => `${name} ${value}`),
  );
  expect(told).toEqual(defaults);
});

/** As the document says it: "instances.idle 10m", "rate.plugin none". */
function written(path: string, value: unknown): string {
  if (value === undefined) return `${path} none`;
  return path.endsWith("Ms")
    ? `${path.slice(0, -2)} ${formatDuration(Number(value)).replace(" ", "")}`
    : `${path} ${value}`;
}

function fences(document: string, language: string): readonly string[] {
  const found = readDocument(document).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"));
  return [...found].map((match) => match[1] ?? "");
}

function readDocument(document: string): string {
  return readFileSync(new URL(`../../../../docs/${document}`, import.meta.url), "utf8");
}
