import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { formatPrometheus } from "./format-prometheus.js";
import { METRICS, type MetricName } from "./metric-table.js";
import { Metrics } from "./metrics.js";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const RULES = join(root, "deploy/prometheus/paddock.rules.yaml");
const TESTS = join(root, "deploy/prometheus/paddock.rules.test.yaml");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

// Safe: promtool, below, says whether the file is what it should be.
const { groups } = parse(readFileSync(RULES, "utf8")) as { groups: readonly { rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

describe("every alert", () => {
  test.each(rules)("$alert uses metrics and labels that the exporter has", ({ expr, annotations }) => {
    const names = metricsIn(expr);
    expect(names.filter((name) => !Object.hasOwn(METRICS, name))).toEqual([]);
    // Safe: just looked at.
    const known = new Set<string>(names.flatMap((name) => METRICS[name as MetricName].labels));
    const shown = Object.values(annotations).flatMap((text) => [...text.matchAll(/\$labels\.(\w+)/g)]);
    for (const [, label] of [...shown, ...expr.matchAll(/[{,](\w+)\s*(?:=~|!~|!=|=)/g)]) {
      if (label !== "__name__") expect(known).toContain(label);
    }
    for (const [, list = ""] of expr.matchAll(/by \(([^)]*)\)/g)) {
      for (const label of list.split(",").map((one) => one.trim())) expect([...known, "le"]).toContain(label);
    }
  });

  test.each(rules)("$alert says whose fault it is and what to do", ({ labels, annotations }) => {
    expect(labels.fault).toMatch(/^(?:plugin|host|caller|policy)$/);
    expect(labels.severity).toMatch(/^(?:critical|warning|info)$/);
    expect(Object.keys(annotations)).toEqual(["summary", "description", "runbook"]);
    const [file = "", anchor = ""] = (annotations.runbook ?? "").split("#");
    const headings = readFileSync(join(root, file), "utf8").match(/^#+ .*$/gm) ?? [];
    expect(headings.map(anchorOf)).toContain(anchor);
  });

  test.each(rules)("$alert has a test", ({ alert }) => {
    expect(readFileSync(TESTS, "utf8")).toContain(`ALERTS{alertname="${alert}",alertstate="firing"`);
  });

  test("fires when it should, and only then", () => {
    const { status, stdout, stderr } = promtool(["test", "rules", TESTS]);
    expect(`${stdout}${stderr}`).toContain("SUCCESS");
    expect(status).toBe(0);
  });
});

test("what formatPrometheus() writes is read by Prometheus", () => {
  const metrics = new Metrics();
  metrics.countCall({
    plugin: 'acme/"a"\\',
    version: "1.0.0",
    action: "go",
    tenant: "main",
    traceparent: "",
    startedAt: 0,
    durationMs: 3,
    code: "CRASHED",
    attempts: 2,
  });
  const { status, stdout, stderr } = promtool(["check", "metrics"], formatPrometheus(metrics.read([])));
  expect(`${stdout}${stderr}`).toBe("");
  expect(status).toBe(0);
});

/** The set-up of the tests has fetched it where the machine has none. */
function promtool(args: readonly string[], input = "") {
  const own = join(root, ".tools/promtool");
  return spawnSync(existsSync(own) ? own : "promtool", args, {
    input,
    encoding: "utf8",
    cwd: dirname(RULES),
  });
}

/** Metrics by the names of the table: buckets belong to their histogram, alternatives are spelt out. */
function metricsIn(expr: string): readonly string[] {
  const spelt = expr.replace(/paddock_\((\w+)\|(\w+)\)_total/g, "paddock_$1_total paddock_$2_total");
  return [...new Set(spelt.match(/paddock_\w+/g) ?? [])].map((name) =>
    name.replace(/_(?:bucket|sum|count)$/, ""),
  );
}

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .replace(/^#+ /, "")
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}
