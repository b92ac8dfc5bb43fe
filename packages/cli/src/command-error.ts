import { isPaddockError, PaddockError, toPaddockError } from "@paddock/contract";
import { CommanderError } from "commander";

/** Every failure of a command as the one error; a mistake in the arguments is USAGE_INVALID. */
export function toCommandError(error: unknown): PaddockError {
  if (isPaddockError(error)) return error;
  if (error instanceof CommanderError) return toUsageError(error);
  return toPaddockError(error, "run the command");
}

/** commander writes "error: unknown command 'rn'" and, on a line of its own, "(Did you mean run?)". */
function toUsageError(error: CommanderError): PaddockError {
  if (error.code === "commander.help") {
    return new PaddockError("USAGE_INVALID", "No command was given.", { hint: "paddock --help lists them." });
  }
  const [first = "", ...rest] = error.message.split("\n");
  const message = first
    .replace(/^error: /, "")
    .replace(/\.$/, "")
    .replaceAll("'", '"');
  const suggestion = rest
    .join(" ")
    .trim()
    .replace(/^\((.*)\)$/, "$1");
  return new PaddockError("USAGE_INVALID", `${message.charAt(0).toUpperCase()}${message.slice(1)}.`, {
    hint: suggestion === "" ? "Run the command with --help to see how it is used." : suggestion,
  });
}
