import { definePlugin, fail } from "@paddock/sdk";
import { type LicenceReport, reportLicences } from "./report-licences.ts";

export default definePlugin({
  actions: {
    report(input: { packages?: unknown }, ctx): LicenceReport {
      if (!isObject(input.packages)) {
        throw fail("NOT_A_LOCKFILE", 'there is no "packages" in the input');
      }
      const report = reportLicences(input.packages);
      ctx.log.info("reported", { packages: report.packages, licences: report.licences.length });
      return report;
    },
  },
});

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
