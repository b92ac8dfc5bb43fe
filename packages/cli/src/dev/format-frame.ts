import { readFile, stat } from "node:fs/promises";
import { join, normalize } from "node:path";
import type { PaddockError } from "@paddock/contract";
import { type Stream, visible } from "../terminal.js";

/** Problems whose place is shown; the message names the others. */
const MAX_FRAMES = 3;
const MAX_SOURCE_BYTES = 1_048_576;
/** Lines before the one with the problem. */
const LINES_BEFORE = 2;

/** The lines around each problem of a plugin's code; nothing for errors that have no place. */
export async function formatFrames(error: PaddockError, folder: string, stream: Stream): Promise<string> {
  const { problems } = error.data;
  if (error.code !== "BUNDLE_FAILED" || !Array.isArray(problems)) return "";
  const frames = problems.slice(0, MAX_FRAMES).map((problem) => frameOf(problem, folder, stream));
  return (await Promise.all(frames)).join("");
}

async function frameOf(problem: unknown, folder: string, { colors, width }: Stream): Promise<string> {
  const [, file = "", lineText = "", columnText = ""] = /^(.+):(\d+):(\d+)$/.exec(placeOf(problem)) ?? [];
  const path = normalize(file);
  if (file === "" || path.startsWith("..") || path.startsWith("/")) return "";
  const [line, column] = [Number(lineText), Number(columnText)];
  const lines = await readLines(join(folder, path));
  const first = Math.max(1, line - LINES_BEFORE);
  const gutter = String(line).length;
  const shown = lines.slice(first - 1, line).map((text, at) => {
    const number = String(first + at).padStart(gutter);
    return `  ${colors.dim(`${number} |`)} ${visible(text.replaceAll("\t", " ")).slice(0, width - gutter - 5)}\n`;
  });
  if (shown.length === 0) return "";
  const pointer = `  ${" ".repeat(gutter)} ${colors.dim("|")} ${" ".repeat(Math.max(0, column - 1))}${colors.red("^")}\n`;
  return `${shown.join("")}${column < width - gutter - 5 ? pointer : ""}`;
}

function placeOf(problem: unknown): string {
  const isPlaced = typeof problem === "object" && problem !== null && "at" in problem;
  return isPlaced ? String(problem.at) : "";
}

/** It may have changed since, or be gone. */
async function readLines(path: string): Promise<readonly string[]> {
  try {
    if ((await stat(path)).size > MAX_SOURCE_BYTES) return [];
    return (await readFile(path, "utf8")).split("\n");
  } catch {
    return [];
  }
}
