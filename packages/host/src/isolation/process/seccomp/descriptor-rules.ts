import type { Profile } from "./assemble.js";
import { allow, errno, hasNone, int, isAnyOf, isMasked, long, type Rule, when } from "./rules.js";

// Source: `asm-generic/ioctls.h`, `linux/fs.h`.
const IOCTL_ALLOWED = [
  0x5401, // TCGETS, which is how isatty asks
  0x540f, // TIOCGPGRP
  0x5413, // TIOCGWINSZ
  0x541b, // FIONREAD
  0x5421, // FIONBIO
  0x5450, // FIONCLEX
  0x5451, // FIOCLEX
];

// Source: `asm-generic/fcntl.h`, `linux/fcntl.h`.
// biome-ignore format: one line per group, each with its names
const FCNTL_ALLOWED = [
  0, 1, 2, 3, 4, // DUPFD, GETFD, SETFD, GETFL, SETFL
  5, 6, 7, 36, 37, 38, // GETLK, SETLK, SETLKW and the same for open file descriptions
  1030, 1032, // DUPFD_CLOEXEC, GETPIPE_SZ
];

// Source: `asm-generic/socket.h`: SO_TYPE, SO_ERROR, SO_SNDBUF, SO_RCVBUF, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN.
const SOL_SOCKET = 1;
const GETSOCKOPT_ALLOWED = [3, 4, 7, 8, 30, 38, 39];

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_TYPE_MASK = 0xf;
// MSG_DONTWAIT and MSG_NOSIGNAL. MSG_OOB on UNIX sockets has let guests of browsers out (CVE-2025-38236).
const MESSAGE_FLAGS_REFUSED = 0xffff_ffff - 0x40 - 0x4000;
// A pipe for the kernel's notifications, which had holes (CVE-2022-0995). It is O_EXCL by another name.
const O_NOTIFICATION_PIPE = 0o200;

/**
 * What a guest may do with descriptors beyond reading and writing.
 *
 * The channel to the host is a UNIX stream socket that it inherits; Node and Python ask its type and name, make
 * it non-blocking and shut it down. `socketPairs` adds pairs of connected sockets inside the guest.
 */
export function descriptorRules({ socketPairs }: { readonly socketPairs: boolean }): Profile {
  return {
    // An allow-list: TIOCSTI and TIOCLINUX type into the operator's terminal, TIOCSETD loads line disciplines.
    ioctl: when(isAnyOf(int(1), IOCTL_ALLOWED), allow, errno("ENOTTY")),
    // No leases: the host would wait up to 45 s to open a file that a guest holds one on. No larger pipes.
    fcntl: when(isAnyOf(int(1), FCNTL_ALLOWED), allow, errno("EPERM")),
    pipe2: when(hasNone(int(1), O_NOTIFICATION_PIPE), allow, errno("EINVAL")),
    shutdown: allow,
    getsockname: allow,
    // No SO_PEERPIDFD or SO_PEERCRED: they hand out a handle to the host's process, or its number.
    getsockopt: when(
      isMasked(int(1), 0xffff_ffff, SOL_SOCKET),
      when(isAnyOf(int(2), GETSOCKOPT_ALLOWED), allow, errno("EPERM")),
      errno("EPERM"),
    ),
    ...(socketPairs ? socketPairRules : noSocketPairRules),
  };
}

// Read and write by their socket names: no address, so nobody new to talk to.
const socketPairRules: Profile = {
  socketpair: when(
    isAnyOf(int(0), [AF_UNIX]),
    when(isMasked(int(1), SOCK_TYPE_MASK, SOCK_STREAM), allow, errno("EPERM")),
    errno("EPERM"),
  ),
  getpeername: allow,
  sendto: withoutAddress(),
  recvfrom: withoutAddress(),
};

const noSocketPairRules: Profile = {
  socketpair: errno("EPERM"),
  getpeername: errno("EPERM"),
  sendto: errno("EPERM"),
  recvfrom: errno("EPERM"),
};

function withoutAddress(): Rule {
  const flagged = when(hasNone(int(3), MESSAGE_FLAGS_REFUSED), allow, errno("EPERM"));
  return when(isAnyOf(long(4), [0]), flagged, errno("EPERM"));
}
