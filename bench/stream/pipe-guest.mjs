// The other end of a raw pipe. A line "up N" asks for N bytes, "down N" says that N bytes follow; both end with a line.
const CHUNK = Buffer.alloc(64 * 1024);
const { stdin, stdout } = process;
let missing = 0;

stdin.on("data", (chunk) => {
  if (missing > 0) {
    missing -= chunk.length;
    if (missing === 0) stdout.write("done\n");
    return;
  }
  const [direction, bytes] = chunk.toString().split(" ");
  if (direction === "up") write(Number(bytes));
  else {
    missing = Number(bytes);
    stdout.write("go\n");
  }
});

function write(left) {
  while (left > 0) {
    left -= CHUNK.length;
    if (!stdout.write(CHUNK)) {
      stdout.once("drain", () => write(left));
      return;
    }
  }
}
