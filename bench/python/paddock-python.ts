import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { createHost, type Host } from "@paddock/host";
import { createTemporaryHome } from "../temporary-home.ts";

export const PYTHON_ECHO = "bench/echo-python";
export const PYTHON_ECHO_FOLDER = fileURLToPath(new URL("../plugins/echo-python", import.meta.url));

/** A host with every wall on that has loaded the Python echo. */
export interface PythonHost {
  readonly host: Host;
  close(): Promise<void>;
}

/** The production preset, with all of the processors: its default share would measure that quota. */
export async function createPythonHost(): Promise<PythonHost> {
  const home = await createTemporaryHome();
  const host = await createHost({ home: home.path, limits: { cpu: availableParallelism() } });
  const close = async () => {
    await host.close();
    home.close();
  };
  try {
    await host.load(PYTHON_ECHO_FOLDER);
  } catch (error) {
    await close();
    throw error;
  }
  return { host, close };
}
