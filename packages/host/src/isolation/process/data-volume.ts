import { execFile } from "node:child_process";
import {
  access,
  chown,
  constants,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { PaddockError } from "@paddock/contract";
import { assertFreeDescriptors } from "./free-descriptors.js";
import type { SpareVolumes } from "./spare-volumes.js";

async function run(tool: string, args: readonly string[]): Promise<void> {
  assertFreeDescriptors(3);
  await promisify(execFile)(tool, args, { env: {} });
}

/** Debian puts them in /usr/sbin, which an ordinary PATH leaves out; other systems in /sbin. */
const TOOL_DIRECTORIES = ["/usr/sbin", "/sbin", "/usr/bin"];

/** A volume of this name beside the plugin's files holds them where the kernel enforces the quota. */
const IMAGE = "volume.ext4";
const FILES = "files";

const BLOCK_BYTES = 4096;
const INODE_BYTES = 256;
const EXT4_MAGIC = 0xef53;
/** Superblocks, bitmaps and tables that ext4 keeps for itself, on top of the inodes. */
const FIXED_OVERHEAD_BYTES = 512 * 1024;

/** How long a volume may take to let go after its last guest was killed. */
const DETACH_TIMEOUT_MS = 5_000;

export interface VolumeTools {
  readonly mke2fs: string;
  readonly e2fsck: string;
  readonly resize2fs: string;
}

export interface VolumeQuota {
  readonly bytes: number;
  readonly inodes: number;
}

/** The tools for volumes with a hard quota, or the words that say why this machine cannot have them. */
export async function findVolumeTools(): Promise<VolumeTools | string> {
  if (process.getuid?.() !== 0) return "only root may mount a volume";
  try {
    await access("/dev/loop-control", constants.R_OK | constants.W_OK);
  } catch {
    return "/dev/loop-control cannot be opened";
  }
  const [mke2fs, e2fsck, resize2fs] = await Promise.all(["mke2fs", "e2fsck", "resize2fs"].map(findTool));
  if (mke2fs === undefined || e2fsck === undefined || resize2fs === undefined)
    return "e2fsprogs is not installed";
  return { mke2fs, e2fsck, resize2fs };
}

/** The plugin's files as a plain directory, whose quota has to be watched. Existing files are kept. */
export async function prepareDataDirectory(directory: string, uid: number): Promise<string> {
  const path = join(directory, FILES);
  // The folders above are searched by the plugin's own user where root may not stage them.
  await mkdir(directory, { recursive: true, mode: 0o711 });
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (process.getuid?.() === 0) await chown(path, uid, uid);
  return path;
}

export function imageOf(directory: string): string {
  return join(directory, IMAGE);
}

/** Makes the volume ready to be mounted: nobody has it mounted now. Existing files are kept. */
export async function prepareImage(
  image: string,
  quota: VolumeQuota,
  tools: VolumeTools,
  spares?: SpareVolumes,
): Promise<void> {
  await mkdir(dirname(image), { recursive: true, mode: 0o711 });
  const bytes = imageBytes(quota);
  const found = await stat(image).catch(() => undefined);
  if (found !== undefined) {
    await repairImage(image, bytes, found.size, tools);
    return;
  }
  const shape = `${bytes} ${quota.inodes}`;
  if (!(await spares?.place(shape, image))) await makeImage(image, bytes, quota, tools);
  spares?.prepareSoon(shape, (path) => makeImage(path, bytes, quota, tools));
}

/** The path inside a mounted volume that belongs to the plugin; `lost+found` beside it does not. */
export const VOLUME_FILES = FILES;

/** Written under another name and renamed, so that a killed host leaves no half-made volume. */
async function makeImage(
  image: string,
  bytes: number,
  quota: VolumeQuota,
  tools: VolumeTools,
): Promise<void> {
  const draft = `${image}.${process.pid}`;
  try {
    // One of a host that was killed here: in a container, every host has the same number.
    await rm(draft, { force: true });
    await (await open(draft, "wx", 0o600)).close();
    await truncate(draft, bytes);
    const features = "^has_journal,^resize_inode,^huge_file,^orphan_file";
    const shape = [
      "-b",
      String(BLOCK_BYTES),
      "-I",
      String(INODE_BYTES),
      "-N",
      String(quota.inodes + 16),
      "-m",
      "0",
    ];
    await run(tools.mke2fs, ["-q", "-F", "-t", "ext4", "-O", features, ...shape, "-E", "nodiscard", draft])
      // Older e2fsprogs do not know orphan_file.
      .catch(() => run(tools.mke2fs, ["-q", "-F", "-t", "ext4", "-O", "^has_journal", ...shape, draft]))
      .catch((error: { code?: unknown }) => {
        if (typeof error.code === "string") throw error;
        throw new PaddockError("STORE_FAILED", `Cannot make the data volume ${image}: mke2fs failed.`, {
          hint: "Free some disk space where the host has its home.",
          cause: error,
        });
      });
    await rename(draft, image);
  } finally {
    await rm(draft, { force: true });
  }
}

/** After a power cut the volume is checked first; after a change of the quota it is resized. */
async function repairImage(image: string, bytes: number, found: number, tools: VolumeTools): Promise<void> {
  if (found === bytes && (await isClean(image))) return;
  // e2fsck exits 1 when it repaired something, which is what we want of it.
  await run(tools.e2fsck, ["-f", "-p", image]).catch((error: { code?: unknown }) => {
    // A code in letters: it could not even be started, and the volume may be as good as ever.
    if (typeof error.code === "string") throw error;
    if (error.code !== 1) throw damaged(image, error);
  });
  if (found === bytes) return;
  if (bytes > found) await truncate(image, bytes);
  await run(tools.resize2fs, [image, `${Math.floor(bytes / BLOCK_BYTES)}`]).then(
    () => (bytes < found ? truncate(image, bytes) : undefined),
    async (error: unknown) => {
      // Shrinking below what is stored: the files stay, and the quota stays what it was.
      if (bytes > found) throw damaged(image, error);
    },
  );
}

function damaged(image: string, cause: unknown): PaddockError {
  return new PaddockError("STORE_FAILED", `Cannot use the data volume ${image}: it is damaged.`, {
    hint: `Run "e2fsck -f ${image}", or restore it from a backup.`,
    cause,
  });
}

/** Magic number and clean bit of the ext4 superblock (offsets 0x38 and 0x3A of the block at 1,024). */
async function isClean(image: string): Promise<boolean> {
  const file = await open(image, "r");
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 1024 + 0x38);
    return buffer.readUInt16LE(0) === EXT4_MAGIC && (buffer.readUInt16LE(2) & 1) === 1;
  } finally {
    await file.close();
  }
}

/** Whole blocks for the files, the inode tables, and what grows with the size. */
function imageBytes({ bytes, inodes }: VolumeQuota): number {
  const overhead = FIXED_OVERHEAD_BYTES + (inodes + 16) * INODE_BYTES + Math.ceil(bytes / 256);
  return Math.ceil((bytes + overhead) / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Mounting an image that is still attached elsewhere would corrupt it: wait until the kernel let go. */
export async function untilDetached(image: string): Promise<void> {
  const giveUpAt = performance.now() + DETACH_TIMEOUT_MS;
  while (await isAttached(image)) {
    if (performance.now() > giveUpAt) {
      throw new PaddockError("SETUP_FAILED", `Cannot mount ${image}: another guest still has it.`, {
        hint: "Stop the other host that runs this plugin for this tenant with the same home.",
      });
    }
    await wait(5);
  }
}

async function isAttached(image: string): Promise<boolean> {
  const devices = await readdir("/sys/block").catch(() => []);
  const files = devices
    .filter((name) => name.startsWith("loop"))
    .map((name) => readFile(`/sys/block/${name}/loop/backing_file`, "utf8").catch(() => ""));
  return (await Promise.all(files)).some((file) => file.trim() === image);
}

async function findTool(name: string): Promise<string | undefined> {
  for (const directory of TOOL_DIRECTORIES) {
    const path = join(directory, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
