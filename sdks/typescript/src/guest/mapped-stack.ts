// Taken before the guards are raised, so that the plugin's permissions do not matter here.
const { readFileSync } = process.getBuiltinModule("node:fs");
const { SourceMap } = process.getBuiltinModule("node:module");

/** Positions in a V8 stack: "file:///plugin/main.js:10:5" or "/plugin/main.js:10:5". */
const POSITION = /(?:file:\/\/)?(\/[^\s():]+):(\d+):(\d+)/g;

const MAP_COMMENT = /\/\/# sourceMappingURL=(\S+)\s*$/;

const maps = new Map<string, InstanceType<typeof SourceMap> | undefined>();

/**
 * A stack whose positions are those of the author's sources where a source map says so. Reads maps when the
 * first error happens, since `--enable-source-maps` reads them at every start.
 */
export function mapStack(stack: string): string {
  return stack.replace(POSITION, (position, file: string, line: string, column: string) => {
    const entry = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !("originalSource" in entry)) return position;
    // Named from the bundle's folder, and meant from the plugin's.
    const source = entry.originalSource.replace(/^(?:\.\.\/)+/, "");
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function mapOf(file: string): InstanceType<typeof SourceMap> | undefined {
  if (!maps.has(file)) maps.set(file, readMap(file));
  return maps.get(file);
}

function readMap(file: string): InstanceType<typeof SourceMap> | undefined {
  try {
    const url = MAP_COMMENT.exec(readFileSync(file, "utf8"))?.[1];
    if (url === undefined) return undefined;
    const inline = /^data:application\/json[^,]*;base64,(.*)$/.exec(url)?.[1];
    const folder = file.slice(0, file.lastIndexOf("/") + 1);
    const json = inline === undefined ? readFileSync(folder + url, "utf8") : atob(inline);
    return new SourceMap(JSON.parse(json));
  } catch {
    // No map, or a broken one: the positions stay those of the bundle.
    return undefined;
  }
}
