// The thread that reads large answers: see JsonPool.
import { parentPort } from "node:worker_threads";
import { serveJson } from "../streams/json/serve-json.js";
import { compileSchema } from "./schema/compile-schema.js";

if (parentPort !== null) {
  serveJson(parentPort, async (schema, value) => {
    const validate = await compileSchema(schema, "output");
    return validate(value);
  });
}
