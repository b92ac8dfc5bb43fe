import { join } from "node:path";
import { createHost } from "@paddock/host";
import { createApp } from "./app.ts";

const PORT = Number(process.env.PORT ?? 8080);
const TRANSFORMATIONS = ["rules", "stuck", "curious"];

const host = await createHost();
for (const name of TRANSFORMATIONS) await host.load(join(import.meta.dirname, "plugins", name));
const app = createApp(host);
app.addHook("onClose", () => host.close());
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void app.close());
console.log(`listening on ${await app.listen({ port: PORT, host: "127.0.0.1" })}`);
