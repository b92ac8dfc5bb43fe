import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, type Host } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFolder } from "../plugins/bundle-folders/write-folder.js";

const PLAIN = `
from paddock import action

stopped = []

@action
def some_bytes(n): return b"x" * n

@action
def nested(n): return {"a": [b"12", {"b/c": b"3"}], "n": n}

@action
def items(n):
    try:
        for i in range(n): yield {"i": i} if i % 2 else b"b%d" % i
    finally:
        stopped.append(True)

@action
def was_stopped(_): return len(stopped)

@action
def fails(n):
    yield n
    raise ValueError("in the middle")

@action
def odd_item(n):
    yield {n}

@action
def large(n): return ["é" * 100] * n

@action
def length(x): return len(x)

@action
def count(chunks): return sum(len(chunk) for chunk in chunks)

@action
def collect(items): return [item if isinstance(item, bytes) else [item] for item in items]

@action
def two(n): return {"first": iter(range(n)), "second": iter("ab" * n)}

@action
def file(names, ctx):
    report = ctx.files.create("report.txt")
    with open(report.path, "w") as out:
        for name, path in sorted(ctx.files.inbox.items()): out.write(name + ":" + open(path).read())
    return {"report": report}
`;

const COROUTINES = PLAIN.replaceAll(/^def /gm, "async def ")
  .replaceAll("for chunk in chunks)", "for chunk in [c async for c in chunks])")
  .replaceAll("for item in items]", "async for item in items]")
  .replace(
    "        for i in range(n): yield",
    "        for i in range(n):\n            await asyncio.sleep(0)\n            yield",
  )
  .replace("\n", "\nimport asyncio\n");

const ACTIONS = [...PLAIN.matchAll(/^def (\w+)/gm)].map(([, name]) => name);

let home = "";
let host: Host;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "paddock-python-streams-"));
  host = await createHost({ home: join(home, "host") });
});
afterAll(async () => {
  await host.close();
  await rm(home, { recursive: true, force: true });
});

const text = new TextDecoder();

describe.each([
  ["functions", PLAIN],
  ["coroutines", COROUTINES],
])("bytes, streams and files of Python %s", (kind, main) => {
  // biome-ignore lint/suspicious/noExplicitAny: what an action answers is what each test says of it.
  const call = (action: string, payload?: unknown, options?: object): Promise<any> =>
    host.call(`tests/${kind}`, action, payload, options);

  beforeAll(async () => {
    const folder = await writeFolder(join(home, kind), {
      "plugin.yaml": `manifest: 1\nid: tests/${kind}\nversion: 1.0.0\nruntime: { kind: python, entry: main.py }\nactions: { ${ACTIONS.map((name) => `${name}: {}`).join(", ")} }\n`,
      "main.py": main,
    });
    await host.load(folder);
  });

  it("go out as bytes, at any place of the result", async () => {
    expect((await call("some_bytes", 1_000_000)).length).toBe(1_000_000);
    const { a, n } = await call("nested", 5);
    expect([text.decode(a[0]), text.decode(a[1]["b/c"]), n]).toEqual(["12", "3", 5]);
  });

  it("come in as bytes and as large JSON", async () => {
    expect(await call("length", new Uint8Array(700_000))).toBe(700_000);
    expect(await call("length", "é".repeat(500_000))).toBe(500_000);
    expect(await call("large", 3_000)).toHaveLength(3_000);
  });

  it("stream items both ways", async () => {
    const seen: unknown[] = [];
    for await (const item of await call("items", 4))
      seen.push(item instanceof Uint8Array ? text.decode(item) : item);
    expect(seen).toEqual(["b0", { i: 1 }, "b2", { i: 3 }]);
    const source = async function* () {
      yield 1;
      yield { a: "é" };
      yield "x";
    };
    expect(await call("collect", source())).toEqual([[1], [{ a: "é" }], ["x"]]);
  });

  it("stream bytes in", async () => {
    let left = 30;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(new Uint8Array(100_000));
        else controller.close();
      },
    });
    expect(await call("count", body)).toBe(3_000_000);
  });

  it("stop the generator when the caller has enough, and go on serving", async () => {
    const before = await call("was_stopped");
    let count = 0;
    for await (const _ of await call("items", 1e9)) if (++count === 100) break;
    await expect.poll(() => call("was_stopped")).toBe(before + 1);
  });

  it("tell an error in the middle by its code", async () => {
    const read = async (action: string) => {
      for await (const _ of await call(action, 1));
    };
    await expect(read("fails")).rejects.toMatchObject({
      code: "PLUGIN_BUG",
      message: expect.stringContaining("in the middle"),
    });
    await expect(read("odd_item")).rejects.toMatchObject({ message: expect.stringContaining("type set") });
  });

  it("carry two streams whichever is read first", async () => {
    const { first, second } = await call("two", 20_000);
    const letters: string[] = [];
    for await (const letter of second) letters.push(letter);
    let sum = 0;
    for await (const number of first) sum += number;
    expect([letters.length, sum]).toEqual([40_000, 199_990_000]);
  });

  it("read input files and return output files", async () => {
    const input = join(home, "in.txt");
    await writeFile(input, "hello");
    const { report } = await call("file", null, { files: { "in.txt": input } });
    expect(report.name).toBe("report.txt");
    expect(await readFile(report.path, "utf8")).toBe("in.txt:hello");
  });
});
