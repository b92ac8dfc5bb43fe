import { type Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { PaddockError } from "@paddock/contract";
import { MAX_BODY_BYTES } from "./call-protocol.js";
import { type ControlAnswer, readJson } from "./control-answer.js";
import { unreachable } from "./control-directory.js";
import { fromProblem } from "./problem.js";

export interface AskOptions {
  /** JSON, or a stream of bytes. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface ControlQuestion extends AskOptions {
  /** Of the socket, as people know it. */
  readonly path: string;
  /** Of the socket, as it is reached. */
  readonly socketPath: string;
  readonly agent: Agent;
  readonly method: string;
  readonly address: string;
}

/** Asks a host. Rejects with the host's error, with HOST_UNREACHABLE, and with the signal's reason. */
export async function sendRequest(question: ControlQuestion): Promise<ControlAnswer> {
  const { path, signal } = question;
  const broken = (cause: unknown) =>
    signal?.aborted === true ? signal.reason : unreachable(path, cause, "it went away while it answered");
  const answer = { message: await exchange(question), broken };
  const status = answer.message.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  throw fromProblem(await readJson(answer));
}

function exchange({ path, socketPath, agent, method, address, body, signal }: ControlQuestion) {
  const bytes = body instanceof Readable ? body : undefined;
  const text = body === undefined || bytes !== undefined ? undefined : toJson(body);
  const headers = {
    host: "localhost",
    ...(bytes === undefined ? {} : { "content-type": "application/octet-stream" }),
    ...(text === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }),
  };
  const options = { socketPath, agent, method, path: address, headers };
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(signal === undefined ? options : { ...options, signal }, resolve);
    request.on("error", (error) =>
      reject(signal?.aborted === true ? signal.reason : unreachable(path, error)),
    );
    bytes?.once("error", (cause) => {
      request.destroy();
      reject(
        new PaddockError("USAGE_INVALID", `Cannot read the bytes to send: ${cause.message}.`, { cause }),
      );
    });
    if (bytes === undefined) request.end(text);
    else bytes.pipe(request);
  });
}

/** More than any host takes is not even sent: the answer would be lost in the middle of it. */
function toJson(body: unknown): string {
  const text = JSON.stringify(body);
  if (text.length <= MAX_BODY_BYTES) return text;
  throw new PaddockError("PAYLOAD_TOO_LARGE", `Cannot send the payload: it has ${text.length} characters.`, {
    hint: `JSON may have ${MAX_BODY_BYTES}; send more as bytes.`,
  });
}
