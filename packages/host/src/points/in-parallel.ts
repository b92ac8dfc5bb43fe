/** Runs `work` for each item, so many at a time; the answers in the order of the items. Rejects as `work` does. */
export async function inParallel<Item, Answer>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = new Array(items.length);
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    // One iterator for all of them: each takes the next item that nobody has.
    for (const [at, item] of waiting) answers[at] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return answers;
}
