import { basename } from "node:path";

/**
 * The command that is npm: the one that started this, on the Node that runs it, because npm finds its settings
 * beside its Node and ours has none; npm from PATH when nobody's npm did.
 *
 * @returns {readonly string[]}
 */
export function npmCommand() {
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  if (script === undefined || node === undefined || basename(script) !== "npm-cli.js") return ["npm"];
  return [node, script];
}
