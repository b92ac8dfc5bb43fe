import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { FAILED, PASSED } from "../../scripts/counts.ts";
import type { Stage } from "../../scripts/stages.ts";
import { runCommand } from "./docker.ts";
import { OPTIONS } from "./options.ts";

/** The files of `deploy/` that no engine here can run: read by the programs they are for, or compared. */
export function checkFiles(root: string): readonly Stage[] {
  const at = (path: string) => join(root, "deploy", path);
  return [
    check("the systemd unit is one", async () => {
      const { output } = await runCommand([
        "systemd-analyze",
        "verify",
        "--man=no",
        at("systemd/paddock.service"),
      ]);
      // The command is not installed on this machine; everything else it says counts.
      return output
        .split("\n")
        .filter((line) => line !== "" && !/\/usr\/local\/bin\/paddock|DelegateSubgroup/.test(line));
    }),
    check("the AppArmor profile is one", async () => {
      const { code, output } = await runCommand([
        "apparmor_parser",
        "--skip-kernel-load",
        "--skip-cache",
        at("apparmor/paddock"),
      ]);
      return code === 0 ? [] : [output];
    }),
    check("compose gives the options that are tested", async () => {
      const [file] = parseAllDocuments(await readFile(at("compose.yaml"), "utf8"));
      const text = JSON.stringify(file?.toJSON());
      const wanted = [
        "no-new-privileges",
        "seccomp=./seccomp.json",
        "systempaths=unconfined",
        '"read_only":true',
        '"cap_drop":["ALL"]',
      ];
      return wanted.filter((option) => !text.includes(option));
    }),
    check("the pod gives the options that are tested", async () => {
      const documents = parseAllDocuments(await readFile(at("kubernetes/pod.yaml"), "utf8"));
      const text = JSON.stringify(documents.map((document) => document.toJSON()));
      const wanted = [
        '"procMount":"Unmasked"',
        '"hostUsers":false',
        '"localhostProfile":"paddock.json"',
        '"drop":["ALL"]',
        '"readOnlyRootFilesystem":true',
        '"runAsNonRoot":true',
      ];
      return wanted.filter((option) => !text.includes(option));
    }),
    check("nothing asks for privileges", async () => {
      const files = ["compose.yaml", "kubernetes/pod.yaml", "systemd/paddock.service", "Dockerfile"];
      const texts = await Promise.all(files.map((file) => readFile(at(file), "utf8")));
      return [...texts, OPTIONS.join(" ")].filter((text) =>
        /privileged\s*[:=]\s*true|--privileged|cap_add|cap-add/.test(text),
      );
    }),
  ];
}

function check(name: string, problems: () => Promise<readonly string[]>): Stage {
  return {
    name,
    run: async () => {
      const found = await problems();
      for (const problem of found) console.error(problem);
      return found.length === 0 ? PASSED : FAILED;
    },
  };
}
