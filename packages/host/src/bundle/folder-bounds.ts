/** What a plugin's folder may have at most, `node_modules`, `.git` and `data` not counted. */
export const FOLDER_MAX_FILES = 5_000;
export const FOLDER_MAX_FOLDERS = 5_000;
export const FOLDER_MAX_FILE_BYTES = 32 * 1024 ** 2;
export const FOLDER_MAX_BYTES = 128 * 1024 ** 2;
export const FOLDER_MAX_PATH_BYTES = 1_024;
export const FOLDER_MAX_DEPTH = 32;

/** Left out wherever they are: what installing, version control and interpreters put there. */
export const EXCLUDED_ANYWHERE: ReadonlySet<string> = new Set(["node_modules", ".git", "__pycache__"]);
/** Left out at the top: the plugin's own files at run time are mounted there. */
export const EXCLUDED_AT_TOP: ReadonlySet<string> = new Set(["data"]);
/** Refused at the top: the host puts the bundled code there. */
export const RESERVED_AT_TOP = ".paddock";
