/** Packages that a report names at most: an answer has to fit into one message of 64 KB. */
export const LISTED_MAX = 1_000;

export interface LicenceReport {
  /** Installed packages; the same package in two versions counts twice, in two places once. */
  readonly packages: number;
  /** Most packages first. */
  readonly licences: readonly LicenceGroup[];
  /** Packages whose entry names no licence. */
  readonly unknown: readonly string[];
  readonly duplicates: readonly { readonly name: string; readonly versions: readonly string[] }[];
  /** Packages that are counted but not listed, because there are too many. */
  readonly omitted: number;
}

export interface LicenceGroup {
  readonly licence: string;
  readonly count: number;
  /** "name@version", in order. */
  readonly packages: readonly string[];
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly licence: string | undefined;
}

/** What the `packages` of a lockfile say about licences. Entries that are not packages from npm are left out. */
export function reportLicences(packages: Readonly<Record<string, unknown>>): LicenceReport {
  const installed = distinct(Object.entries(packages).flatMap(([path, entry]) => readPackage(path, entry)));
  const listed = installed.slice(0, LISTED_MAX);
  const groups = Map.groupBy(listed, ({ licence }) => licence);
  const counts = Map.groupBy(installed, ({ licence }) => licence);
  return {
    packages: installed.length,
    licences: [...counts]
      .flatMap(([licence, { length }]) =>
        licence === undefined
          ? []
          : [{ licence, count: length, packages: labels(groups.get(licence) ?? []) }],
      )
      .sort((one, other) => other.count - one.count || compare(one.licence, other.licence)),
    unknown: labels(groups.get(undefined) ?? []),
    duplicates: findDuplicates(listed),
    omitted: installed.length - listed.length,
  };
}

/** Nothing for the project itself, folders of a workspace and links to them. */
function readPackage(path: string, entry: unknown): readonly Package[] {
  const at = path.lastIndexOf("node_modules/");
  if (at === -1 || typeof entry !== "object" || entry === null || "link" in entry) return [];
  const { name, version, license, licenses } = entry as Readonly<Record<string, unknown>>;
  return [
    {
      // An alias has the name of its folder in the path and its own in the entry.
      name: typeof name === "string" ? name : path.slice(at + "node_modules/".length),
      version: typeof version === "string" ? version : "unknown",
      licence: readLicence(license) ?? readLicence(licenses),
    },
  ];
}

/** Old packages have `{ type }`, or a list of them. */
function readLicence(written: unknown): string | undefined {
  if (typeof written === "string") return written.trim() || undefined;
  if (Array.isArray(written))
    return written.flatMap((one) => readLicence(one) ?? []).join(" OR ") || undefined;
  if (typeof written === "object" && written !== null && "type" in written) return readLicence(written.type);
  return undefined;
}

function distinct(packages: readonly Package[]): readonly Package[] {
  const byLabel = new Map(packages.map((each) => [labelOf(each), each]));
  return [...byLabel.values()].sort((one, other) => compare(labelOf(one), labelOf(other)));
}

function findDuplicates(packages: readonly Package[]): LicenceReport["duplicates"] {
  return [...Map.groupBy(packages, ({ name }) => name)]
    .filter(([, group]) => group.length > 1)
    .map(([name, group]) => ({ name, versions: group.map(({ version }) => version) }));
}

function labels(packages: readonly Package[]): readonly string[] {
  return packages.map(labelOf);
}

function labelOf({ name, version }: Package): string {
  return `${name}@${version}`;
}

/** By code points: the same report on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
