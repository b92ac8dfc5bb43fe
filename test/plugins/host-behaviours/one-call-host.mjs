// Loads one plugin, calls it once with a file, and says what it answered.
const { createHost } = await import(new URL("../../../packages/host/dist/index.js", import.meta.url));

const [, , home, folder] = process.argv;
const host = await createHost({ home });
try {
  await host.load(folder);
  const answer = await host.call("acme/probe", "read", null, { files: { note: Buffer.from("hello") } });
  process.stdout.write(JSON.stringify(answer));
} catch (error) {
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }));
} finally {
  await host.close();
}
