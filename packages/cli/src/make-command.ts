import type { Command } from "commander";
import type { Answer } from "./answer.js";
import type { Terminal } from "./terminal.js";

/** Makes one command; `deliver` takes what it has to say. */
export type MakeCommand = (terminal: Terminal, deliver: (answer: Answer) => void) => Command;
