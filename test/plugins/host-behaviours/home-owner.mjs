// Claims a home, says how that went, and keeps it until it is ended.
const { lockHome } = await import(new URL("../../../packages/host/dist/store/home-lock.js", import.meta.url));

try {
  await lockHome(process.argv[2]);
  process.stdout.write("locked\n");
} catch (error) {
  process.stdout.write(`${error.code}\n`);
}
process.stdin.resume();
process.stdin.on("end", () => process.exit());
