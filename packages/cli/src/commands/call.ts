import { createReadStream } from "node:fs";
import { PaddockError } from "@paddock/contract";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { addControlFlags, type ControlFlags } from "../control-flags.js";
import { examples } from "../examples.js";
import { readDuration } from "../read-duration.js";
import { readPayload } from "../read-payload.js";
import { showAnswer } from "../show-answer.js";
import type { Terminal } from "../terminal.js";
import { useControl } from "../use-control.js";

interface CallFlags extends ControlFlags {
  readonly tenant: string;
  readonly timeout?: number;
  readonly caller?: string;
  readonly bytes?: string;
}

/** `paddock call PLUGIN ACTION [PAYLOAD]` */
export function callCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("call")
    .summary("call an action of a plugin in a running host")
    .description("Calls an action of a plugin that a running host has loaded, and prints its answer.")
    .argument("<plugin>", "the plugin's id, publisher/name")
    .argument("<action>", "which of its actions")
    .argument("[payload]", "JSON, @file with JSON, or - for standard input (default: null)")
    .option("--tenant <name>", "whose data the call is about", "main")
    .option("--timeout <duration>", "how long to wait for the answer, such as 5s", readDuration)
    .option("--caller <name>", "who asks, for the record")
    .option("--bytes <file>", "send a file as bytes instead of a payload; - for standard input")
    .addHelpText(
      "after",
      examples(terminal, [
        [`paddock call acme/hello greet '{ "name": "Ada" }'`, "the answer as people read it"],
        ["paddock call acme/thumbs resize --bytes in.png > out.png", "bytes in, bytes out"],
        ["paddock call acme/feed read | jq .title", "items of a stream, one a line"],
      ]),
    );
  return addControlFlags(command).action(
    async (plugin: string, action: string, written: string | undefined, flags: CallFlags) => {
      const payload = await toPayload(written, flags);
      const { tenant, caller, timeout: timeoutMs } = flags;
      const progress = terminal.progress(`Calling ${action}`);
      try {
        await useControl(flags, async (client, signal) => {
          const answer = await client.call(plugin, action, { payload, tenant, caller, timeoutMs, signal });
          progress.end();
          const shown = await showAnswer(terminal, answer);
          if (shown !== undefined) deliver(shown);
        });
      } finally {
        progress.end();
      }
    },
  );
}

async function toPayload(written: string | undefined, { bytes }: CallFlags): Promise<unknown> {
  if (bytes === undefined) return readPayload(written);
  if (written !== undefined) {
    throw new PaddockError("USAGE_INVALID", "Cannot send both a payload and --bytes.", { hint: "Give one." });
  }
  return bytes === "-" ? process.stdin : createReadStream(bytes);
}
