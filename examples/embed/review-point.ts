import { definePoint } from "@paddock/host";
import { z } from "zod";

/** What a reviewer is asked, and what it may answer: the application's side of the contract. */
export const REVIEW = definePoint("docs.review@1", {
  input: z.object({ path: z.string(), text: z.string() }),
  output: z.object({
    findings: z.array(z.object({ line: z.int().positive(), message: z.string().min(1).max(200) })).max(1_000),
  }),
});
