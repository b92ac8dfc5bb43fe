import { access, constants } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { isWithin } from "./is-within.js";

/** Keys, below a home folder. */
const KEYS = [".ssh", ".gnupg", ".aws", ".kube", ".docker", ".netrc", ".config/gcloud", ".config/gh"];
/** Names that mean keys in whatever folder they lie: everybody has a home. */
const ANYWHERE = [".ssh", ".gnupg", ".netrc"];
/** The system's own, which only a host that is root could read. */
const SYSTEM_KEYS = [
  "/etc/shadow",
  "/etc/gshadow",
  "/etc/sudoers",
  "/etc/ssl/private",
  ...["ed25519", "ecdsa", "rsa"].map((kind) => `/etc/ssh/ssh_host_${kind}_key`),
];

/** Home folders of whoever runs the host: what HOME says, which anything may have set, and what the system says. */
export function homeFolders(): readonly string[] {
  try {
    return [...new Set([homedir(), userInfo().homedir])];
  } catch {
    // A user without an entry has no other home.
    return [homedir()];
  }
}

/** Where keys are that a grant of this path would show, or nothing. */
export async function findKeys(path: string, homes: readonly string[]): Promise<string | undefined> {
  const own = homes.flatMap((home) => KEYS.map((key) => join(home, key)));
  const known = own.find((key) => isWithin(path, key) || isWithin(key, path));
  if (known !== undefined) return known;
  if (path.split("/").some((part) => ANYWHERE.includes(part))) return path;
  const inside = [
    ...ANYWHERE.map((name) => join(path, name)),
    ...SYSTEM_KEYS.filter((key) => isWithin(path, key) || isWithin(key, path)),
  ];
  for (const key of inside) if (await isReadable(key)) return key;
  return undefined;
}

function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
