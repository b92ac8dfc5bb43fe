import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    async attack({ port }) {
      const loot = [];
      const refused = [];
      for (const where of [{ host: "0.0.0.0", port }, { host: "::", port }, { path: "/tmp/door" }]) {
        const server = createServer().listen(where);
        try {
          await once(server, "listening");
          loot.push(`listens on ${JSON.stringify(where)}`);
        } catch (error) {
          refused.push(`listen on ${where.path ?? where.host}: ${error.code}`);
        }
      }
      const socket = createSocket("udp4");
      try {
        socket.bind(port);
        await once(socket, "listening");
        loot.push("listens for datagrams");
      } catch (error) {
        refused.push(`datagrams: ${error.code}`);
      }
      return { loot, refused };
    },
  },
});
