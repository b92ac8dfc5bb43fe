import { Multiplexer, type WireError } from "@paddock/contract";

const net = process.getBuiltinModule("node:net");

/** Bytes that may wait to leave before sources are asked for more: a little more than the kernel takes at a time. */
const MAX_WAITING_BYTES = 256 * 1024;

/** What is read at a time: all that the kernel holds, in fewer and larger pieces than a stream reads by itself. */
const READ_BYTES = 256 * 1024;

export interface DataChannelEvents {
  /** The error object for what a source of the plugin threw; it fits into a frame. */
  readonly toWireError: (thrown: unknown) => WireError;
  /** The host sent something that is no frame of ours; nothing after it can be trusted. */
  readonly onFault: (fault: string) => void;
}

/** Opens the inherited descriptor for data. The host's end of it goes with the other channel, which ends the guest. */
export function openDataChannel(fd: number, { toWireError, onFault }: DataChannelEvents): Multiplexer {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const read = (bytes: number) => {
    const fault = streams.push(buffer.subarray(0, bytes));
    if (fault !== undefined) onFault(fault);
    return true;
  };
  const socket = new net.Socket({ fd, onread: { buffer, callback: read } });
  let willFlush = false;
  const flush = () => {
    willFlush = false;
    socket.uncork();
  };
  const streams = new Multiplexer({
    write: (header, payload) => {
      // What is sent in one turn leaves in one call of the kernel, and nothing is copied.
      if (!willFlush) {
        willFlush = true;
        socket.cork();
        process.nextTick(flush);
      }
      socket.write(header);
      if (payload !== undefined) socket.write(payload);
    },
    reusesMemory: true,
    isFull: () => socket.writableLength >= MAX_WAITING_BYTES,
    encodeError: (thrown) => Buffer.from(JSON.stringify(toWireError(thrown))),
    decodeText: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"),
  });
  socket.on("drain", () => streams.drained());
  const end = () => streams.close(new Error("The host is gone"));
  socket.on("end", end);
  socket.on("close", end);
  socket.on("error", end);
  socket.resume();
  return streams;
}
