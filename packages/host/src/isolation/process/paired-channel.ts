import { Duplex, type Readable, type Writable } from "node:stream";

/** Two one-way streams as one: what is written goes to `output`, what is read comes from `input`. */
export function pairedChannel(input: Readable, output: Writable): Duplex {
  const channel = new Duplex({
    read: () => void input.resume(),
    write: (chunk, encoding, done) => void output.write(chunk, encoding, done),
    final: (done) => void output.end(done),
    destroy: (error, done) => {
      input.destroy();
      output.destroy();
      done(error);
    },
  });
  input.on("data", (chunk: Buffer) => {
    if (!channel.push(chunk)) input.pause();
  });
  input.on("end", () => channel.push(null));
  for (const half of [input, output]) half.on("error", () => channel.destroy());
  return channel;
}
