import { expect, test } from "vitest";
import { Requests } from "./requests.js";

test("a request resolves with the reply to its own number, once", async () => {
  const { requests, sent } = create();
  const first = requests.request("storage.kv", "kv.get", { key: "a" });
  const second = requests.request("storage.kv", "kv.get", { key: "b" });
  requests.succeed(2, "b");
  requests.succeed(2, "again");
  requests.succeed(3, "nobody's");
  requests.succeed(1, "a");
  expect(await Promise.all([first, second])).toEqual(["a", "b"]);
  expect(sent.map((line) => JSON.parse(line).id)).toEqual([1, 2]);
});

test.each(["CAPABILITY_UNKNOWN", "CAPABILITY_NOT_DECLARED", "CAPABILITY_NOT_GRANTED", "CEILING_EXCEEDED"])(
  "a request refused with %s rejects with a PermissionError that says what to add",
  async (code) => {
    const { requests } = create();
    const request = requests.request("storage.kv", "kv.get", { key: "a" });
    requests.fail(1, { code: -32000, message: "Cannot use storage.kv.", data: { code } });
    await expect(request).rejects.toMatchObject({
      name: "PermissionError",
      code,
      capability: "storage.kv",
      message: 'Cannot use storage.kv. Add "- { use: storage.kv, max: 5MB }" under permissions.required.',
    });
  },
);

test.each([
  [{ code: "QUOTA_EXCEEDED" }, "QUOTA_EXCEEDED"],
  [undefined, "INTERNAL"],
])("a request that failed with %j rejects with a HostError %s", async (data, code) => {
  const { requests } = create();
  const request = requests.request("storage.kv", "kv.get", { key: "a" });
  requests.fail(1, { code: -32000, message: "no", ...(data === undefined ? {} : { data }) });
  await expect(request).rejects.toMatchObject({ name: "HostError", code });
});

test("a request over the message limit is not sent, because the host would end the guest", async () => {
  const { requests, sent } = create();
  const request = requests.request("storage.kv", "kv.set", { key: "a", value: "é".repeat(600) });
  await expect(request).rejects.toMatchObject({ name: "HostError", code: "PAYLOAD_TOO_LARGE" });
  expect(sent).toEqual([]);
});

function create(): { readonly requests: Requests; readonly sent: string[] } {
  const sent: string[] = [];
  const requests = new Requests((line) => sent.push(line));
  requests.maxBytes = 1_000;
  return { requests, sent };
}
