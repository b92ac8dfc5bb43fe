import type { PluginSchemas } from "@paddock/host";
import { printComment, printKey, printString } from "./print-text.js";
import { printType } from "./print-type.js";

type ActionSchemas = PluginSchemas["actions"][number];

/**
 * A module of TypeScript with a typed function for each action of each plugin. The same plugins give the same text,
 * byte by byte. Everything in it that a plugin's author wrote is a literal, a checked name or a comment.
 */
export function printClient(plugins: readonly PluginSchemas[]): string {
  const sorted = [...plugins].sort((a, b) => (a.manifest.id < b.manifest.id ? -1 : 1));
  return [
    "// Written by `paddock types` from the schemas of the plugins. Write it again when they change; do not edit it.\n",
    'import type { CallOptions, Host } from "@paddock/host";\n\n',
    "/** The actions of each plugin. */\n",
    `export interface Plugins {\n${sorted.map(printPlugin).join("")}}\n\n`,
    "/** The plugins' actions as functions that call them through the host. */\n",
    'export function createClient(host: Pick<Host, "call">): Plugins {\n',
    `  return {\n${sorted.map(printCalls).join("")}  };\n}\n`,
  ].join("");
}

function printPlugin({ manifest, actions }: PluginSchemas): string {
  const { id, version, title, description } = manifest;
  const members = actions.map((action) => printAction(id, action)).join("");
  return `${printComment([`${title} ${version}`, description], "  ")}  readonly ${printString(id)}: {\n${members}  };\n`;
}

function printAction(id: string, { name, title, description, input, output }: ActionSchemas): string {
  const given = input === undefined ? "input?: unknown" : `input: ${printType(input, `${id} ${name} input`)}`;
  const answer = printAnswer(id, name, output);
  return `${printComment([title, description], "    ")}    readonly ${printKey(name)}: (${given}, options?: CallOptions) => Promise<${answer}>;\n`;
}

function printAnswer(id: string, name: string, output: unknown): string {
  return output === undefined ? "unknown" : printType(output, `${id} ${name} output`);
}

function printCalls({ manifest: { id }, actions }: PluginSchemas): string {
  const calls = actions.map(({ name, output }) => {
    const call = `host.call(${printString(id)}, ${printString(name)}, input, options)`;
    // Safe: the host has checked the answer against the schema that the type was made from.
    const typed =
      output === undefined
        ? call
        : `${call} as ReturnType<Plugins[${printString(id)}][${printString(name)}]>`;
    return `      ${printKey(name)}: (input, options) => ${typed},\n`;
  });
  return `    ${printString(id)}: {\n${calls.join("")}    },\n`;
}
