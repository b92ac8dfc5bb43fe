import { PaddockError } from "@paddock/contract";
import { z } from "zod";

/** A part of a request, checked. Throws USAGE_INVALID that names what is wrong. */
export function readPart<T>(schema: z.ZodType<T>, value: unknown, part: "query" | "body"): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at "${issue.path.join(".")}"`;
  throw new PaddockError(
    "USAGE_INVALID",
    `The request's ${part} is not valid${where}: ${issue?.message ?? "it has the wrong shape"}.`,
  );
}

/** Flags in an address: `?follow=true`. */
export const flag = z.enum(["true", "false"]).transform((word) => word === "true");
/** Whole numbers in an address. */
export const count = (most: number) => z.coerce.number().int().min(0).max(most);
