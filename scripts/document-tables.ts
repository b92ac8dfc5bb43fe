import {
  CAPABILITIES,
  CAPABILITY_IDS,
  type CapabilityId,
  capabilityOf,
  ERRORS,
  jsonSchemas,
  LIMIT_NAMES,
  LIMITS,
  type LimitRow,
  MECHANISM_NAMES,
  MECHANISMS,
  PRESET_NAMES,
  PRESETS,
  RISKS,
} from "@paddock/contract";

/** What of a JSON Schema the tables show. */
interface Node {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly required?: readonly string[];
}

/** Every generated table of the documents, by the name in its marker. */
export const TABLES: Readonly<Record<string, () => string>> = {
  "manifest-keys": () => keyTable("manifest-1.json"),
  "configuration-keys": () => keyTable("config-1.json"),
  limits: limitTable,
  presets: () =>
    table(
      ["preset", ""],
      PRESET_NAMES.map((name) => [code(name), PRESETS[name].about]),
    ),
  mechanisms: mechanismTable,
  walls: () =>
    table(
      ["wall", "what it stops"],
      MECHANISM_NAMES.map((name) => [code(name), MECHANISMS[name]]),
    ),
  errors: () =>
    table(
      ["code", "meaning", "HTTP", "exit", "try again", "whose fault"],
      Object.entries(ERRORS).map(([name, { title, http, exit, retryable, fault }]) => [
        code(name),
        title,
        String(http),
        String(exit),
        retryable ? "yes" : "no",
        fault,
      ]),
    ),
  capabilities: () =>
    table(
      ["capability", "parameters", "risk", "This plugin can …"],
      CAPABILITY_IDS.map((id) => [code(id), parametersOf(id), riskOf(id), sentenceOf(id)]),
    ),
  risks: () =>
    table(
      ["", "in words"],
      Object.entries(RISKS).map(([risk, words]) => [risk, words]),
    ),
};

function keyTable(file: string): string {
  // Safe: jsonSchemas() returns JSON Schemas, and every field of Node is optional.
  const rows = keyRows((jsonSchemas()[file] ?? {}) as Node, "");
  return table(["key", "must be there", "default", "meaning"], rows);
}

function keyRows(node: Node, prefix: string): string[][] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const path = `${prefix}${key}`;
    const isRequired = node.required?.includes(key) === true;
    const row = [code(path), isRequired ? "yes" : "", defaultOf(child), child.description ?? ""];
    return [row, ...childRows(child, path)];
  });
}

function childRows(node: Node, path: string): string[][] {
  // Limits have a table of their own.
  if (/(?:^|\.)(?:limits|wants)$/.test(path)) return [];
  const entry = typeof node.additionalProperties === "object" ? node.additionalProperties : {};
  return [...keyRows(node, `${path}.`), ...keyRows(entry, `${path}.NAME.`)];
}

function defaultOf(node: Node): string {
  const isPlain = ["string", "number", "boolean"].includes(typeof node.default);
  return isPlain ? code(String(node.default)) : "";
}

function limitTable(): string {
  return table(
    ["limit", "written as", "development", "production", "high-security", "at most", "what it bounds"],
    LIMIT_NAMES.map((name) => {
      const row: LimitRow = LIMITS[name];
      const values = [row.development, row.production, row.highSecurity, row.max].map(String);
      return [code(name), row.unit, ...values, row.about];
    }),
  );
}

function mechanismTable(): string {
  return table(
    ["mechanism", ...PRESET_NAMES, "what it does"],
    MECHANISM_NAMES.map((name) => [
      code(name),
      ...PRESET_NAMES.map((preset) => (PRESETS[preset].requires.includes(name) ? "required" : "")),
      MECHANISMS[name],
    ]),
  );
}

function parametersOf(id: CapabilityId): string {
  if (id === "resources.raise") return "any limit, as in the configuration";
  const parameters = Object.entries(capabilityOf(id).parameters);
  return parameters.map(([name, { written }]) => `${code(name)}: ${written}`).join("<br>") || "none";
}

function riskOf(id: CapabilityId): string {
  const { baseRisk, raisedBy } = capabilityOf(id);
  return raisedBy === undefined ? baseRisk : `${baseRisk}; ${raisedBy}`;
}

/** The sentence with parameters as people write them, without the unit of the inside. */
function sentenceOf(id: CapabilityId): string {
  const parameters = Object.entries(capabilityOf(id).parameters);
  return CAPABILITIES[id].sentence.replaceAll(/\{([\w*]+)\}/g, (_, field: string) => {
    const name = parameters.find(([, parameter]) => parameter.field === field)?.[0] ?? "limits";
    return code(name);
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`);
  return lines.join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("*", "\\*");
}

function code(text: string): string {
  return `\`${text}\``;
}
