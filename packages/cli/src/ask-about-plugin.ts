import { cancel, intro, select, text } from "@clack/prompts";
import { PaddockError } from "@paddock/contract";
import { aboutTemplate, TEMPLATES, type TemplateName } from "./plugin-template.js";

interface Choice {
  readonly template: TemplateName;
  readonly id: string;
}

/** Asks for what was not given. Throws CANCELLED when the person leaves. */
export async function askAboutPlugin(
  given: Partial<Choice>,
  suggestion: Choice,
  assertId: (id: string) => void,
): Promise<Choice> {
  if (given.template !== undefined && given.id !== undefined) return suggestion;
  intro("A new plugin");
  const template =
    given.template ??
    answered(
      await select({
        message: "Which language?",
        options: TEMPLATES.map((value) => ({ value, label: aboutTemplate(value).label })),
        initialValue: suggestion.template,
      }),
    );
  const id =
    given.id ??
    answered(
      await text({
        message: "Its id, as publisher/name?",
        placeholder: suggestion.id,
        defaultValue: suggestion.id,
        validate: (value) => problemOf(value === undefined || value === "" ? suggestion.id : value, assertId),
      }),
    );
  return { template, id };
}

/** A symbol stands for leaving, with Escape or Ctrl-C. */
function answered<T>(answer: T): Exclude<T, symbol> {
  if (typeof answer !== "symbol") return answer as Exclude<T, symbol>; // Safe: the line says so.
  cancel("Nothing was made.");
  throw new PaddockError("CANCELLED", "No plugin was made.");
}

function problemOf(id: string, assertId: (id: string) => void): string | undefined {
  try {
    assertId(id);
    return undefined;
  } catch {
    return "publisher/name: lower-case letters, digits and inner hyphens";
  }
}
