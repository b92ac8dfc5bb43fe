import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "./token-bucket.js";

describe("TokenBucket", () => {
  it("gives as many at once as the rate names, then evenly", () => {
    const bucket = new TokenBucket({ count: 3, windowMs: 60_000 }, 0);
    for (let at = 0; at < 3; at++) {
      expect(bucket.waitMs(0)).toBe(0);
      bucket.take();
    }
    expect(bucket.waitMs(0)).toBe(20_000);
    expect(bucket.waitMs(15_000)).toBe(5_000);
    expect(bucket.waitMs(20_000)).toBe(0);
  });

  it("never gives more than the rate and one burst, whenever it is asked", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (waits, count) => {
        const bucket = new TokenBucket({ count, windowMs: 1_000 }, 0);
        let now = 0;
        let given = 0;
        for (const wait of waits) {
          now += wait;
          if (bucket.waitMs(now) > 0) continue;
          bucket.take();
          given++;
        }
        expect(given).toBeLessThanOrEqual(count + (now * count) / 1_000 + 1e-6);
      }),
    );
  });
});
