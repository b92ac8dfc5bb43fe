const FENCE = /^```[^\n]*\n(.*?)^```/gms;

/** The text of every fenced block. */
export function codeFences(markdown: string): readonly string[] {
  return [...markdown.matchAll(FENCE)].map((match) => match[1] ?? "");
}

/** The files that a document links to, images too, without the part after "#"; code is no link. */
export function fileLinks(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(FENCE, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
    .map((match) => (match[1] ?? "").replace(/#.*$/, ""))
    .filter((link) => link !== "" && !/^[a-z]+:/.test(link));
}
