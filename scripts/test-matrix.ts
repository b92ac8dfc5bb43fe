/**
 * The test suite on every Node that users may have, as root and as an ordinary user, with the tests that need
 * an emulator: `npm run test:matrix`. What cannot be run here counts as skipped, and fails.
 */
import { type Counts, closingLine, sumCounts } from "./counts.ts";
import { fetchNode } from "./matrix/fetch-node.ts";
import { type OrdinaryUser, withOrdinaryUser } from "./matrix/ordinary-user.ts";
import { runVitest } from "./run-vitest.ts";
import { runStages, type Stage } from "./stages.ts";

/** The oldest one that the packages' `engines` allow, the repository's own, and the newest line. */
const NODES = ["22.18.0", "24.21.0", "26.10.0"];

const SKIPPED: Counts = { passed: 0, failed: 0, skipped: 1 };
const ENV = { PADDOCK_MATRIX: "1" };

const args = process.argv.slice(2);
const isRoot = process.getuid?.() === 0;

const nodes = await Promise.all(NODES.map(async (version) => ({ version, path: await fetchNode(version) })));
const counts = isRoot
  ? await withOrdinaryUser((user) => runStages(rows(user)))
  : await runStages(rows(undefined));
const sum = sumCounts(counts);
console.log(closingLine(sum));
process.exitCode = sum.failed + sum.skipped > 0 ? 1 : 0;

/** Root can run both halves of the table; an ordinary user only the own one. */
function rows(other: OrdinaryUser | undefined): readonly Stage[] {
  return nodes.flatMap(({ version, path }) => [
    { name: `Node ${version} as root`, run: async () => (isRoot ? asMyself(path) : SKIPPED) },
    {
      name: `Node ${version} as an ordinary user`,
      run: () => (other === undefined ? asMyself(path) : asUser(other, path)),
    },
  ]);
}

function asMyself(node: string): Promise<Counts> {
  return runVitest(args, { node: [node], env: { ...process.env, ...ENV } });
}

function asUser({ uid, gid, home, directory, command }: OrdinaryUser, node: string): Promise<Counts> {
  const env = { PATH: process.env.PATH, HOME: home, ...ENV };
  return runVitest(args, { node: [...command, node], directory, env, owner: { uid, gid } });
}
