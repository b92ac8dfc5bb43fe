/**
 * What the host starts inside the walls. It is bundled to one file without imports or exports, which Node
 * runs as CommonJS or as a module, so nothing here (nor in what it imports) may use `import` of a builtin.
 */
import { Channel } from "./channel.js";
import { Guest } from "./guest.js";
import { printBug } from "./print-bug.js";

/** The private descriptor to the host; stdout and stderr are logs. */
const CHANNEL_FD = 3;

/** EX_PROTOCOL of sysexits.h. */
const EXIT_PROTOCOL = 76;

const exit = process.exit.bind(process);

const onFault = (fault: string) => {
  printBug(`Cannot go on: the host sent ${fault}`);
  exit(EXIT_PROTOCOL);
};

const channel = new Channel(CHANNEL_FD, {
  onLine: (line) => guest.receive(line),
  onFault,
  onEnd: () => exit(0),
});

const guest = new Guest({
  send: (line) => channel.send(line),
  exit: () => channel.drain(() => exit(0)),
  onFault,
});
