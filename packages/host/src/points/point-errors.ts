import { type ErrorCode, type Manifest, PaddockError, quote } from "@paddock/contract";
import { type Point, pointFamily } from "./point.js";

interface Implementor {
  readonly id: string;
  readonly manifest: Pick<Manifest, "implements">;
}

/** Nobody implements it; says who implements another version of it. */
export function notImplemented(point: string, loaded: readonly Implementor[]): PaddockError {
  const others = loaded.flatMap(({ id, manifest }) =>
    manifest.implements
      .filter((name) => pointFamily(name) === pointFamily(point))
      .map((name) => `"${id}" ${name}`),
  );
  return new PaddockError("POINT_NOT_FOUND", `No loaded plugin implements "${point}".`, {
    hint:
      others.length === 0
        ? `Load a plugin whose manifest has it under "implements".`
        : `Implemented is: ${others.join(", ")}.`,
    data: { point },
  });
}

export function severalImplement(point: string, plugins: readonly Implementor[]): PaddockError {
  const ids = plugins.map(({ id }) => id);
  return new PaddockError(
    "USAGE_INVALID",
    `Cannot ask the one plugin for "${point}": ${ids.length} implement it: ${ids.join(", ")}.`,
    { hint: "Choose with the option plugins, or use first() or all().", data: { point, plugins: ids } },
  );
}

/** A plugin that the caller chose and that cannot be asked. */
export function unfit(point: string, id: unknown, loaded: readonly Implementor[]): PaddockError {
  const name = quote(String(id));
  return loaded.some((plugin) => plugin.id === id)
    ? new PaddockError("POINT_NOT_FOUND", `Cannot ask ${name} for "${point}": it does not implement it.`, {
        hint: "Take it off the option plugins.",
        data: { point },
      })
    : new PaddockError("PLUGIN_NOT_FOUND", `Cannot ask ${name} for "${point}": it is not loaded.`, {
        hint: "Load it with host.load(folder), or take it off the option plugins.",
        data: { point },
      });
}

export function lacksAction(id: string, { name, action }: Pick<Point, "name" | "action">): PaddockError {
  return new PaddockError(
    "PLUGIN_MISMATCH",
    `"${id}" says that it implements "${name}", and has no action "${action}".`,
    {
      hint: `Its author adds the action "${action}" to code and manifest, or takes "${name}" off "implements".`,
      data: { plugin: id, point: name, action },
    },
  );
}

/** Everybody failed: the failure itself when they agree on its code. */
export function failedAll(
  point: string,
  failures: readonly { readonly plugin: string; readonly error: PaddockError }[],
): PaddockError {
  const [first, ...others] = failures;
  if (first !== undefined && others.length === 0) return first.error;
  const codes = new Set(failures.map(({ error }) => error.code));
  const code: ErrorCode = codes.size === 1 && first !== undefined ? first.error.code : "PLUGIN_UNAVAILABLE";
  const list = failures.map(({ plugin, error }) => `${plugin} (${error.code})`).join(", ");
  return new PaddockError(code, `None of ${failures.length} plugins could do "${point}": ${list}.`, {
    hint: "data.failures has what each of them said.",
    data: {
      point,
      failures: failures.map(({ plugin, error }) => ({ plugin, code: error.code, message: error.message })),
    },
    cause: first?.error,
  });
}
