import { once } from "node:events";
import { connect } from "node:net";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    async attack({ port }) {
      const loot = [];
      const refused = [];
      for (const host of ["127.0.0.1", "::1", "localhost", "0.0.0.0"]) {
        const socket = connect({ host, port, timeout: 1_000 });
        try {
          await once(socket, "connect", { signal: AbortSignal.timeout(1_000) });
          loot.push(`connected to ${host}`);
        } catch (error) {
          refused.push(`connect to ${host}: ${error.code}`);
        }
        socket.destroy();
      }
      return { loot, refused };
    },
  },
});
