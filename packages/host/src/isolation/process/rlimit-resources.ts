/** Numbers of the resource limits, from asm-generic/resource.h; the same on x86-64 and arm64. */
export const RLIMIT_RESOURCES = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;

export type RlimitResource = keyof typeof RLIMIT_RESOURCES;
