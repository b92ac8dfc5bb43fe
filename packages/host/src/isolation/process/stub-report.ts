import type { Duplex } from "node:stream";

/** Far more than the stub ever says. */
const MAX_REPORT_CHARACTERS = 64;

/** The launch stub's one line, or what there was of it when the channel ended. Rejects when the signal aborts. */
export function readStubReport(channel: Duplex, stop: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const done = (finish: () => void) => {
      channel.off("readable", read).off("end", end).off("close", end);
      stop.removeEventListener("abort", abort);
      finish();
    };
    const read = () => {
      // Byte by byte up to the newline: what follows belongs to the guest's connection.
      for (let byte = channel.read(1); byte !== null; byte = channel.read(1)) {
        text += String(byte);
        if (text.endsWith("\n") || text.length > MAX_REPORT_CHARACTERS) {
          done(() => resolve(text));
          return;
        }
      }
    };
    const end = () => done(() => resolve(text));
    const abort = () => done(() => reject(stop.reason));
    channel.on("readable", read).on("end", end).on("close", end);
    stop.addEventListener("abort", abort);
    if (stop.aborted) abort();
  });
}

/** Which instruction failed and with which errno, when that is what the line says. */
export function parseFailure(report: string): { readonly index: number; readonly errno: number } | undefined {
  const failed = /^failed (\d+) (\d+)\n$/.exec(report);
  return failed === null ? undefined : { index: Number(failed[1]), errno: Number(failed[2]) };
}
