/**
 * Control, format, separator and private-use characters made visible as \\u{…}: a terminal or a log reader must
 * not obey what a guest wrote. Tabs stay.
 */
export function escapeText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (character) =>
    character === "\t" ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
