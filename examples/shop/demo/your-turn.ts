import type { Page } from "./page.ts";

const FILE = "examples/shop/plugins/loyalty/src/main.ts";

/** Part four: which file to change, and what happens then. */
export function showYourTurn(page: Page): void {
  page.part(4, "Your turn", `Edit ${FILE}, then run npm run demo again.`);
  page.say("Make PERCENT 25. Part 1 then says 28.40 EUR of discount and 85.20 EUR to pay.");
  page.line("");
  page.say("Or put this first into discount(), and see the plugin be refused and the order go through:");
  page.line("");
  page.line(`    ${page.strong('process.getBuiltinModule("node:fs").readFileSync("/etc/passwd");')}`);
  page.line("");
}
