import type { FastifyReply } from "fastify";

/** Aborts when whoever asked went away before the answer was whole, or when the server closes. */
export function disconnectOf({ raw }: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  const onClose = () => {
    if (!raw.writableFinished) gone.abort();
  };
  raw.once("close", onClose);
  return AbortSignal.any([gone.signal, closing]);
}
