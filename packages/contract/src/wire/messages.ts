import type { Attachment } from "./attachments.js";

/**
 * JSON-RPC 2.0, one message a line. Both sides number their own requests; a message with a method is a
 * request (with an id) or a notification (without), every other one is a reply.
 */
export type Message = Request | Notification | Success | Failure;

export interface Request {
  readonly kind: "request";
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

export interface Notification {
  readonly kind: "notification";
  readonly method: string;
  readonly params: unknown;
}

export interface Success {
  readonly kind: "success";
  readonly id: number;
  readonly result: unknown;
  /** What travels beside the result, as it was sent: not looked at yet. */
  readonly attachments?: unknown;
}

export interface Failure {
  readonly kind: "failure";
  readonly id: number;
  readonly error: WireError;
}

/** The error object of a reply. `data.code` is the code that counts; the number is there for JSON-RPC. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: { readonly code?: string; readonly [key: string]: unknown };
}

/** JSON-RPC's own number for "the method failed"; ours is in `data.code`. */
export const RPC_ERROR = -32000;

/** host → guest */
export type HostMethod =
  | "initialize"
  | "call"
  | "event"
  | "ping"
  | "suspend"
  | "resume"
  | "shutdown"
  | "$/cancel";

/** What a guest learns first. */
export interface InitializeParams {
  readonly protocol: { readonly min: number; readonly max: number };
  /** Random for every launch; echoed in the answer, so that no earlier bytes can pass for it. */
  readonly nonce: string;
  readonly plugin: { readonly id: string; readonly version: string; readonly digest: string };
  readonly tenant: string;
  /** Path of the plugin's code inside the walls. */
  readonly entry: string;
  readonly config: unknown;
  readonly limits: Readonly<Record<string, number>>;
  /** Effective permissions: capability → parameters. */
  readonly permissions: Readonly<Record<string, unknown>>;
  /** False leaves out the SDK's own guards, as tests of the walls do; they are only better error messages. */
  readonly guards?: boolean;
  /** The descriptor for data, where there is one. */
  readonly data?: number;
  /** Where output files go: the path of each is this, the call's number, a dot, and the file's number. */
  readonly outbox?: string;
}

export interface InitializeResult {
  readonly protocol: number;
  readonly nonce: string;
  readonly actions: readonly string[];
  /** Whether it uses the descriptor for data. */
  readonly data?: boolean;
  /** What it would answer to a first `ping`; without it the host asks. */
  readonly ready?: boolean;
}

export interface CallParams {
  readonly action: string;
  readonly payload: unknown;
  /** Milliseconds the caller will wait, at most. */
  readonly timeoutMs?: number;
  /** W3C trace context. */
  readonly traceparent?: string;
  /** What travels beside the payload. */
  readonly attachments?: readonly Attachment[];
  /** Input files: name → path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whose data it is about; given when the guest serves every tenant. */
  readonly tenant?: string;
}

export interface CancelParams {
  /** Id of the request that nobody waits for any more. */
  readonly id: number;
}

export interface EventParams {
  readonly topic: string;
  readonly payload: unknown;
  /** Id of the plugin that published it; absent when the application did. */
  readonly from?: string;
  /** Whose event it is; given when the guest serves every tenant. */
  readonly tenant?: string;
}

export interface PingParams {
  /** Milliseconds the host waits for the answer. */
  readonly timeoutMs?: number;
}

export interface PingResult {
  /** Whether the plugin wants calls. */
  readonly ready: boolean;
}

/** How far a live call is. */
export interface ProgressParams {
  readonly call: number;
  /** 0 to 1. */
  readonly fraction?: number;
  readonly message?: string;
}

/** The host has copied the output files of a call: they may go. */
export interface TakenParams {
  readonly call: number;
}

/** What every capability request of a guest carries besides its own parameters. */
export interface CapabilityParams {
  /** Id of the live call it serves; absent for background work, which must be granted. */
  readonly call?: number;
}

export interface LogParams {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly call?: number;
}

export type LogLevel = "debug" | "info" | "warn" | "error";
