const HINTS: Readonly<Record<string, string>> = {
  EMFILE: "Raise the host's limit of open files (ulimit -n, LimitNOFILE=).",
  ENFILE: "Raise the machine's limit of open files (fs.file-max).",
  EAGAIN: "Raise the host's limit of processes (ulimit -u, pids.max, TasksMax=).",
  ENOMEM: "Give the host more memory.",
};

/** What the host needs more of, when an operation of the system failed for lack of it; else `undefined`. */
export function exhaustedHint(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return Object.hasOwn(HINTS, error.code) ? HINTS[error.code] : undefined;
}
