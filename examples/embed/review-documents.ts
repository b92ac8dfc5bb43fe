import { readFile } from "node:fs/promises";
import type { Host } from "@paddock/host";
import { REVIEW } from "./review-point.ts";

/** How long a document waits for its reviewers, milliseconds. */
const REVIEW_TIMEOUT_MS = 500;

/** What one plugin made of one document: how much it found, or the code of what went wrong. */
export interface Review {
  readonly path: string;
  readonly plugin: string;
  readonly outcome: number | string;
}

/** Has every document reviewed by every plugin. A plugin that fails costs its own findings, and nobody else's. */
export async function reviewDocuments(host: Host, paths: readonly string[]): Promise<readonly Review[]> {
  const reviews: Review[] = [];
  for (const path of paths) {
    const text = await readFile(path, "utf8");
    const results = await host.point(REVIEW).all({ path, text }, { timeoutMs: REVIEW_TIMEOUT_MS });
    for (const result of results) {
      const outcome = result.kind === "success" ? result.value.findings.length : result.error.code;
      reviews.push({ path, plugin: result.plugin, outcome });
    }
  }
  return reviews;
}
