/** One fenced block of a document. */
export interface Fence {
  /** Its language: "ts", "sh", … */
  readonly language: string;
  readonly code: string;
}

const FENCE = /^```([a-z]*)[^\n]*\n(.*?)^```/gms;

/** The fenced blocks of a document, in order. */
export function fencesOf(markdown: string, language?: string): readonly Fence[] {
  const all = [...markdown.matchAll(FENCE)].map(([, found = "", code = ""]) => ({ language: found, code }));
  return language === undefined ? all : all.filter((fence) => fence.language === language);
}
