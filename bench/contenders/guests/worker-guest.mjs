import { parentPort } from "node:worker_threads";

parentPort.on("message", (payload) => parentPort.postMessage(payload));
