import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHost } from "@paddock/host";
import { describe, expect, it } from "vitest";
import { ATTACKS } from "../../../examples/shop/demo/attacks.ts";
import { createPage } from "../../../examples/shop/demo/page.ts";
import { createShop } from "../../../examples/shop/shop.ts";
import { ROOT } from "../../architecture/repository.ts";
import { runIn } from "../../packaging/run-in.ts";
import { createPlace, NODE } from "./place.ts";

const DEMO_TIMEOUT_MS = 60_000;
const LOYALTY = join(ROOT, "examples/shop/plugins/loyalty");

/** What a visitor of the demo may do to the plugin's main.ts, and what an order says then. */
const TURNS = [
  {
    change: "nothing",
    from: "",
    to: "",
    receipt: { totalCents: 11_360, discountCents: 1_136, dueCents: 10_224 },
  },
  {
    change: "PERCENT 25",
    from: "PERCENT = 10",
    to: "PERCENT = 25",
    receipt: { discountCents: 2_840, dueCents: 8_520, note: "25 % for Ada" },
  },
  {
    change: "a look at /etc/passwd",
    from: "discount(order: Order) {",
    to: 'discount(order: Order) {\n      process.getBuiltinModule("node:fs").readFileSync("/etc/passwd");',
    receipt: {
      discountCents: 0,
      dueCents: 11_360,
      note: "no discount: The plugin used a capability that it does not declare.",
    },
  },
] as const;

describe("the demo", () => {
  it(
    "shows every attack succeed in plain Node and be refused in Paddock",
    async () => {
      const { exitCode, output } = await runIn(ROOT, [NODE, "examples/shop/demo.ts"]);
      expect(exitCode, output).toBe(0);
      const lines = output.split("\n");
      for (const { title } of ATTACKS) {
        const row = lines.find((line) => line.startsWith(`  ${title} `));
        expect(row).toMatch(/ succeeded +refused by [A-Za-z]/);
        // What refuses an attack has to be a wall: not a rest, a wait or a quarantine after those before it.
        expect(row).not.toMatch(/CIRCUIT_OPEN|PLUGIN_UNAVAILABLE|PLUGIN_QUARANTINED/);
      }
      expect(output).toContain(`${ATTACKS.length} of ${ATTACKS.length} refused in Paddock`);
      expect(output).toMatch(/a call in Paddock +p50 [\d.]+ [µm]s/);
      expect(output).toMatch(/the function in plain Node +p50 \d+ ns/);
      expect(output).toMatch(/orders during the loop +p50 .* p99 /);
      expect(output).toMatch(/^ {2}TIMEOUT: /m);
      expect(output).toContain("Your turn");
    },
    DEMO_TIMEOUT_MS,
  );

  it.each(TURNS)("goes on as it says after $change in the plugin", async ({ from, to, receipt }) => {
    await using place = await createPlace();
    const folder = join(place.folder, "loyalty");
    await cp(LOYALTY, folder, { recursive: true });
    const main = await readFile(join(folder, "src/main.ts"), "utf8");
    expect(main).toContain(from);
    await writeFile(join(folder, "src/main.ts"), main.replace(from, to));
    await using host = await createHost({ home: place.home });
    await host.load(folder);
    await host.start("acme/loyalty");
    const shop = createShop(host);
    const lines = [
      { product: "tea", quantity: 2 },
      { product: "pot", quantity: 1 },
      { product: "cup", quantity: 4 },
    ];
    const answer = await shop.inject({ method: "POST", url: "/orders", payload: { customer: "Ada", lines } });
    await shop.close();
    expect(answer.json()).toMatchObject(receipt);
  });
});

describe("the demo's page", () => {
  const draw = (isTTY: boolean, environment: Readonly<Record<string, string>>) => {
    const written: string[] = [];
    const page = createPage({ isTTY, write: (text) => written.push(text) }, environment);
    page.part(1, "A heading", "A sentence that is long enough to be broken, ".repeat(6));
    page.say(page.good("Good."));
    return written.join("");
  };

  it.each([
    ["no terminal", false, {}],
    ["NO_COLOR", true, { NO_COLOR: "1" }],
    ["a dumb terminal", true, { TERM: "dumb" }],
  ])("is plain with %s", (_what, isTTY, environment) => {
    expect(draw(isTTY, environment)).not.toContain("\u001b");
  });

  it("is coloured on a terminal", () => {
    expect(draw(true, { TERM: "xterm" })).toContain("\u001b[32mGood.");
  });

  it("is not wider than 80 columns", () => {
    expect(
      Math.max(
        ...draw(false, {})
          .split("\n")
          .map(({ length }) => length),
      ),
    ).toBeLessThanOrEqual(80);
  });
});
