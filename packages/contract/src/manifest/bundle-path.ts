import { shaped } from "../schema/fields.js";

const MAX_BUNDLE_PATH_LENGTH = 200;

/**
 * A path inside the bundle, with one spelling: relative, forward slashes, no ".", ".." or empty part, no
 * controls, and no leading hyphen, so that no program takes it for an option.
 */
export const BUNDLE_PATH_PATTERN =
  /^(?!-)(?:(?!\.{1,2}(?:\/|$))[^/\\:\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+(?:\/(?=.)|$))+$/u;

export const bundlePath = shaped(
  BUNDLE_PATH_PATTERN,
  MAX_BUNDLE_PATH_LENGTH,
  'a path inside the bundle such as src/main.ts, without "./", "..", "\\", ":" or a leading "-" or "/"',
);
