/** What an action's output schema is to look at. */
export type SchemaView = (
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "checked" }
) & {
  /** Whether it holds bytes, streams or files. */
  readonly hasAttachments: boolean;
};

/** Only answers that something travelled beside are in it. */
const views = new WeakMap<object, SchemaView>();

/**
 * An answer as JSON Schema can describe it: bytes, streams and files are null there. An answer that was checked
 * where it was parsed needs no second look.
 */
export function schemaView(answer: unknown): SchemaView {
  return (
    (typeof answer === "object" && answer !== null ? views.get(answer) : undefined) ?? {
      kind: "value",
      value: answer,
      hasAttachments: false,
    }
  );
}

/** Says how the schema is to see this answer. A value that is no object is seen as it is. */
export function setSchemaView(answer: unknown, view: SchemaView): void {
  if (typeof answer === "object" && answer !== null) views.set(answer, view);
}
