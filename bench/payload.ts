/** What every contender sends and gets back: small, so that the crossing is measured and not the copying. */
export const PAYLOAD = { id: 1, text: "hello", tags: ["a", "b"] } as const;
