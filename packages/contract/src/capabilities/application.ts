import { type Capability, capability } from "./capability.js";
import { hosts } from "./network.js";
import { amount, texts, textsOf, word } from "./parameter.js";

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
const INJECTION = /^(?:bearer|basic|header:[a-z0-9-]{1,64}|query:[A-Za-z0-9_.-]{1,64})$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const SECRET_VARIABLE = /auth|cert|cookie|cred|dsn|key|pass|private|pwd|secret|session|token|ur[il]/i;
const KEY = /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)*$/;
const TOPIC = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?:\.\*)?$/;
const METHOD = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;
const FIELD = /^[a-z][A-Za-z0-9]{0,63}$/;
const IDENTIFYING_FIELDS = ["address", "birthday", "email", "phone"];

const secretName = word("name", NAME, 64, "the name of a stored secret such as mail-token");
const topics = texts({
  field: "topics",
  pattern: TOPIC,
  maxLength: 128,
  what: "a topic such as orders.paid or orders.*",
  covers: topicCovers,
});

export const applicationCapabilities = {
  "secret.use": capability({
    parameters: {
      name: secretName,
      inject: word("inject", INJECTION, 71, "bearer, basic, header:NAME or query:NAME"),
      hosts,
    },
    baseRisk: "R2",
    sentence:
      'use the stored secret "{name}" when it calls {hosts}. We do not give it the value; {hosts} could reveal it.',
  }),
  "secret.read": capability({
    parameters: { name: secretName },
    baseRisk: "R4",
    sentence: 'see the value of the stored secret "{name}".',
  }),
  "env.read": capability({
    parameters: {
      names: texts({ field: "names", pattern: VARIABLE, maxLength: 128, what: "an environment variable" }),
    },
    baseRisk: "R2",
    risk: (parameters) =>
      textsOf(parameters, "names").some((name) => SECRET_VARIABLE.test(name)) ? "R4" : "R2",
    raisedBy: "R4 for names that look like secrets (KEY, TOKEN, PASSWORD, URL, …)",
    sentence: "read the environment variables {names}.",
  }),
  "config.read": capability({
    parameters: {
      keys: texts({ field: "keys", pattern: KEY, maxLength: 128, what: "a setting such as shop.currency" }),
    },
    baseRisk: "R1",
    sentence: "read the host settings {keys}.",
  }),
  "events.subscribe": capability({
    parameters: { topics },
    baseRisk: "R1",
    sentence: "receive {topics} messages.",
  }),
  "events.publish": capability({
    parameters: { topics },
    baseRisk: "R2",
    sentence: "send {topics} messages to other parts of your system.",
  }),
  "plugin.call": capability({
    parameters: {
      plugin: word("plugin", /^[a-z0-9-]{1,39}\/[a-z0-9-]{1,64}$/, 104, "a plugin such as acme/images"),
      actions: texts({ field: "actions", pattern: METHOD, maxLength: 64, what: "the name of an action" }),
    },
    baseRisk: "R2",
    raisedBy: "the risk of the plugin that is called",
    sentence: "use the plugin {plugin}: {actions}.",
  }),
  "service.call": capability({
    parameters: {
      service: word("service", NAME, 64, "a host service such as billing"),
      methods: texts({ field: "methods", pattern: METHOD, maxLength: 64, what: "the name of a method" }),
    },
    // What a service can do is the application's secret; high until the service says less.
    baseRisk: "R3",
    raisedBy: "set by the service",
    sentence: "use the host service {service}: {methods}.",
  }),
  "user.profile": capability({
    parameters: {
      fields: texts({ field: "fields", pattern: FIELD, maxLength: 64, what: "a field such as displayName" }),
    },
    baseRisk: "R2",
    risk: (parameters) =>
      textsOf(parameters, "fields").some((field) => IDENTIFYING_FIELDS.includes(field.toLowerCase()))
        ? "R3"
        : "R2",
    raisedBy: "R3 for e-mail, phone, address and birthday",
    isBoundToPerson: true,
    sentence: "see {fields} of the person using it.",
  }),
  "ui.notify": capability({
    parameters: { perHour: amount("perHour", 1_000) },
    baseRisk: "R1",
    isBoundToPerson: true,
    sentence: "send you notices, up to {perHour} an hour.",
  }),
} as const satisfies Record<string, Capability>;

function topicCovers(allowed: string, asked: string): boolean {
  return allowed === asked || (allowed.endsWith(".*") && asked.startsWith(allowed.slice(0, -1)));
}
