process.on("message", (payload) => process.send(payload));
