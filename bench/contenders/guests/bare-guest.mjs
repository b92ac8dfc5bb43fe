// One JSON line each way and no more. Reads into one buffer, parses slices of one text, and answers all lines
// of a chunk in one write.
import { Socket } from "node:net";

const CHANNEL = 3;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

const buffer = Buffer.allocUnsafeSlow(64 * 1024);
let unfinished = NOTHING;

const socket = new Socket({ fd: CHANNEL, onread: { buffer, callback: read } });
socket.on("end", () => process.exit(0));
socket.resume();

function read(bytes) {
  const chunk =
    unfinished === NOTHING
      ? buffer.subarray(0, bytes)
      : Buffer.concat([unfinished, buffer.subarray(0, bytes)]);
  const end = chunk.lastIndexOf(NEWLINE) + 1;
  unfinished = end === chunk.length ? NOTHING : Buffer.from(chunk.subarray(end));
  if (end > 0) socket.write(answer(chunk.utf8Slice(0, end)));
  return true;
}

function answer(text) {
  let answers = "";
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    answers += `${JSON.stringify(JSON.parse(text.slice(start, end)))}\n`;
    start = end + 1;
  }
  return answers;
}
