/** A promise that resolves after a while, and how to let go of it sooner. */
export function expireAfter(ms: number): { readonly promise: Promise<void>; readonly clear: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { promise, clear: () => clearTimeout(timer) };
}
