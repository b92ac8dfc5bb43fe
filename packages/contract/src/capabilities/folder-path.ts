/** Longest path Linux takes is 4,096; nobody writes a longer one than this by hand. */
export const MAX_PATH_LENGTH = 1024;
/** Absolute, no empty, "." or ".." part, no control character, no backslash. */
export const ABSOLUTE_PATH_PATTERN =
  /^\/(?:(?!\.{1,2}(?:\/|$))[^/\\\p{Cc}\p{Cs}\u200e\u200f\u2028-\u202e\u2066-\u2069]+(?:\/(?=.)|$))*$/u;

/** Places from which the machine runs programs or takes its orders. */
const PROGRAM_FOLDERS = ["/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/opt", "/sbin", "/usr"];
const SYSTEM_FOLDERS = ["/dev", "/proc", "/run", "/sys", "/var/run", "/var/spool/cron"];
const PRIVATE_FOLDERS = ["/etc", "/home", "/root", "/var/lib", "/var/log", ...SYSTEM_FOLDERS];

/** Hidden folders, folders of programs, and whole home folders with their start-up files. */
const PROGRAM_PLACE = /\/\.|\/s?bin(?:\/|$)|\/node_modules(?:\/|$)|^\/(?:home(?:\/[^/]+)?|root)$/;

/** Whether a path is the allowed one or lies below it. */
export function pathCovers(allowed: string, asked: string): boolean {
  return allowed === asked || asked.startsWith(allowed.endsWith("/") ? allowed : `${allowed}/`);
}

/** Reading there shows a person's or the machine's own secrets. */
export function isPrivatePath(path: string): boolean {
  return /\/\./.test(path) || overlaps(path, PRIVATE_FOLDERS);
}

/** Writing there means running code outside every wall, at once or when somebody logs in. */
export function isProgramPath(path: string): boolean {
  return PROGRAM_PLACE.test(path) || overlaps(path, [...PROGRAM_FOLDERS, ...SYSTEM_FOLDERS]);
}

function overlaps(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => pathCovers(folder, path) || pathCovers(path, folder));
}
