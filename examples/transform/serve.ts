import { join } from "node:path";
import { createHost } from "@paddock/host";
import { createApp } from "./app.ts";

const TRANSFORMATIONS = ["rules", "stuck", "curious"];

/** A running service. */
export interface Service extends AsyncDisposable {
  readonly url: string;
}

/** Listens on the loopback; port 0 takes any that is free. The host keeps its state in `home`. */
export async function serve(port: number, home?: string): Promise<Service> {
  const host = await createHost(home === undefined ? {} : { home });
  const app = createApp(host);
  app.addHook("onClose", () => host.close());
  for (const name of TRANSFORMATIONS) await host.load(join(import.meta.dirname, "plugins", name));
  const url = await app.listen({ port, host: "127.0.0.1" });
  return { url, [Symbol.asyncDispose]: () => app.close() };
}

if (import.meta.main) {
  const service = await serve(Number(process.env.PORT ?? 8080));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => service[Symbol.asyncDispose]());
  console.log(`listening on ${service.url}`);
}
