import { release, type } from "node:os";
import { PaddockError, type PresetName } from "@paddock/contract";
import { diagnoseMachine, enforcementTable, type Mechanism, resolveConfig } from "@paddock/host";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import type { AttackResult } from "../attacks/attack.js";
import { runAttacks } from "../attacks/run-attacks.js";
import { examples } from "../examples.js";
import { formatDiagnosis } from "../format-diagnosis.js";
import { addHostFlags, type HostFlags } from "../host-flags.js";
import { readConfig } from "../read-config.js";
import type { Terminal } from "../terminal.js";

interface DoctorFlags extends HostFlags {
  readonly attack?: boolean;
}

/** What is known about this machine; the value of `doctor --json`. */
export interface Diagnosis {
  readonly preset: PresetName;
  readonly machine: { readonly system: string; readonly user: string; readonly bubblewrap: string };
  readonly mechanisms: readonly CheckedMechanism[];
  readonly limits: Awaited<ReturnType<typeof diagnoseMachine>>["limits"];
  readonly privileges: ReturnType<typeof enforcementTable>;
  readonly attacks?: readonly AttackResult[];
}

interface CheckedMechanism extends Mechanism {
  /** Whether the preset and the configuration require it. */
  readonly required: boolean;
}

/** `paddock doctor` */
export function doctorCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("doctor")
    .summary("say what this machine can enforce, and what to do about the rest")
    .description(
      "Says which walls this machine has, who holds each limit, and what to install or set where something is missing. Fails when the preset requires what is not there.",
    )
    .option("--attack", "run the bundled attacks here, and say what stopped each")
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock doctor", "is everything there?"],
        ["paddock doctor --preset high-security", "would it be for this preset?"],
        ["paddock doctor --attack", "try it: hostile plugins, with only the kernel in their way"],
      ]),
    );
  return addHostFlags(command).action(async (flags: DoctorFlags) => {
    deliver(await diagnose(terminal, flags));
  });
}

async function diagnose(terminal: Terminal, flags: DoctorFlags): Promise<Answer> {
  const config = await readConfig(flags);
  const { preset, requires } = resolveConfig(config);
  const { bubblewrap, mechanisms, limits } = await diagnoseMachine();
  const required = new Set<string>(requires);
  const diagnosis: Diagnosis = {
    preset,
    machine: { ...describeMachine(), bubblewrap },
    mechanisms: mechanisms.map((one) => ({ ...one, required: required.has(one.name) })),
    limits,
    privileges: enforcementTable(),
  };
  const missing = diagnosis.mechanisms.filter((one) => one.required && !one.present);
  if (missing.length > 0) return toAnswer(terminal, diagnosis, missingError(preset, missing));
  if (flags.attack !== true) return toAnswer(terminal, diagnosis, undefined);
  const progress = terminal.progress("Attacking");
  try {
    const attacks = await runAttacks(config, ({ name }) => progress.now(`Attacking: ${name}`));
    return toAnswer(terminal, { ...diagnosis, attacks }, brokenError(attacks));
  } finally {
    progress.end();
  }
}

function toAnswer(terminal: Terminal, diagnosis: Diagnosis, failure: PaddockError | undefined): Answer {
  return {
    json: diagnosis,
    text: formatDiagnosis(diagnosis, terminal.out),
    ...(failure === undefined ? {} : { failure }),
  };
}

function describeMachine(): { readonly system: string; readonly user: string } {
  const uid = process.getuid?.();
  return {
    system: `${type()} ${release()}, ${process.arch}, Node ${process.versions.node}`,
    user: uid === 0 ? "root" : `user ${uid}`,
  };
}

function missingError(preset: PresetName, missing: readonly Mechanism[]): PaddockError {
  const names = missing.map(({ name }) => name);
  return new PaddockError(
    "SETUP_FAILED",
    `The preset "${preset}" requires what this machine lacks: ${names.join(", ")}.`,
    {
      hint: [...new Set(missing.flatMap(({ fix }) => fix ?? []))].join(" "),
      data: { missing: names },
    },
  );
}

function brokenError(attacks: readonly AttackResult[]): PaddockError | undefined {
  const succeeded = attacks.filter(({ isRefused }) => !isRefused).map(({ attack }) => attack);
  if (succeeded.length === 0) return undefined;
  return new PaddockError(
    "SETUP_FAILED",
    `Not everything was stopped on this machine: ${succeeded.join(", ")}.`,
    {
      hint: "Do not run plugins of others here, and report this as SECURITY.md says.",
      data: { succeeded },
    },
  );
}
