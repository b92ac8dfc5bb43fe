import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { PaddockError } from "@paddock/contract";
import { makeFolder } from "./make-folder.js";

/** What a plugin may begin with: a folder in `templates`, its name for people, and what comes after making it. */
const ABOUT = {
  typescript: {
    label: "TypeScript",
    note: "Nothing has to be installed to run it; `npm install` in it brings types, and `npm test` its test.",
  },
  javascript: {
    label: "JavaScript",
    note: "Nothing has to be installed to run it; `npm install` in it brings types, and `npm test` its test.",
  },
  python: { label: "Python", note: "Nothing has to be installed: it runs with the Python of this machine." },
  program: { label: "a program in any language", note: "Nothing has to be installed: it is one file." },
} as const;

export type TemplateName = keyof typeof ABOUT;
// Safe: these are the keys of the table, and nothing can be added to it.
export const TEMPLATES = Object.keys(ABOUT) as readonly TemplateName[];

export function aboutTemplate(name: TemplateName): { readonly label: string; readonly note: string } {
  return ABOUT[name];
}

/** What a template is filled with. */
export interface Filling {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  /** Version of Paddock, for package.json. */
  readonly paddock: string;
}

/** npm leaves a file called .gitignore out of a package, so the templates have it without the dot. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: ".gitignore" };

/** Writes a plugin into a folder that is empty or not there. Throws USAGE_INVALID for any other. */
export async function writeTemplate(template: TemplateName, folder: string, filling: Filling): Promise<void> {
  await assertEmpty(folder);
  const source = templateFolder(template);
  try {
    for (const path of await filesBelow(source)) {
      const text = (await readFile(join(source, path), "utf8")).replaceAll(
        /\{\{(id|name|title|paddock)\}\}/g,
        // Safe: the pattern names exactly the keys.
        (_, key) => filling[key as keyof Filling],
      );
      const target = join(folder, dirname(path), RENAMED[basename(path)] ?? basename(path));
      await makeFolder(dirname(target));
      // A program stays executable.
      await writeFile(target, text, { flag: "wx", mode: (await stat(join(source, path))).mode & 0o777 });
    }
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new PaddockError("STORE_FAILED", `Cannot write the plugin to ${folder}: ${state}.`, {
      hint: "Choose a folder that this user may write.",
      cause,
    });
  }
}

/** Throws USAGE_INVALID unless the folder is empty or not there. */
export async function assertEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new PaddockError(
      "USAGE_INVALID",
      `Cannot make a plugin in ${folder}: ${error.code ?? error.message}.`,
      {
        hint: "Name a folder that does not exist yet.",
      },
    );
  });
  if (names.length === 0) return;
  throw new PaddockError("USAGE_INVALID", `Cannot make a plugin in ${folder}: it is not empty.`, {
    hint: "Name an empty folder, or one that does not exist yet.",
  });
}

function templateFolder(template: TemplateName): string {
  return fileURLToPath(new URL(`../templates/${template}`, import.meta.url));
}

/** Paths of the files in a folder, relative to it. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
