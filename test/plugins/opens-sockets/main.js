import { definePlugin } from "@paddock/sdk";

/** Rejects with the first error; resolves once connected, bound, or answered. */
const WAYS = {
  async connect({ net }, target) {
    const { connect } = await net();
    await new Promise((resolve, reject) => connect(target, resolve).on("error", reject));
  },
  async listen({ net }, target) {
    const { createServer } = await net();
    await new Promise((resolve, reject) => createServer().on("error", reject).listen(target, resolve));
  },
  async fetch(_, target) {
    await fetch(target).catch((error) => {
      throw error.cause ?? error;
    });
  },
  async datagram({ dgram }, { host, port, type }) {
    const { createSocket } = await dgram();
    const socket = createSocket(type).on("error", () => {});
    await new Promise((resolve, reject) =>
      socket.on("error", reject).send("stolen", port, host, (error) => (error ? reject(error) : resolve())),
    );
  },
  async lookup({ dns }, name) {
    await (await dns()).lookup(name);
  },
  async resolve({ dns }, name) {
    await new (await dns()).Resolver({ timeout: 200, tries: 1 }).resolve4(name);
  },
};

const modules = {
  net: () => import("node:net"),
  dgram: () => import("node:dgram"),
  dns: () => import("node:dns/promises"),
};

export default definePlugin({ actions: { attack: ({ way, target }) => WAYS[way](modules, target) } });
