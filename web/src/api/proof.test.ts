import { describe, expect, it, vi } from "vitest";
import { type Problem, ProblemError } from "./client";
import { offerProof, withProof } from "./proof";

const problem = (code: string) => new ProblemError(403, { code, message: code, retryable: false } as Problem, null);

/** An act that is refused with `code` until the person has proved who they are. */
function refusedUntil(proved: () => boolean, code = "proof_needed") {
  return vi.fn(() => (proved() ? Promise.resolve("done") : Promise.reject(problem(code))));
}

describe("an act that needs a proof", () => {
  it("is done once more after one", async () => {
    let proved = false;
    const act = refusedUntil(() => proved);
    const leave = offerProof(() => Promise.resolve((proved = true)));
    expect(await withProof(act)).toBe("done");
    expect(act).toHaveBeenCalledTimes(2);
    leave();
  });

  it("is refused as before when the person declines, or no dialog is there to ask", async () => {
    const act = refusedUntil(() => false);
    const leave = offerProof(() => Promise.resolve(false));
    await expect(withProof(act)).rejects.toThrow("proof_needed");
    leave();
    await expect(withProof(act)).rejects.toThrow("proof_needed");
    expect(act).toHaveBeenCalledTimes(2);
  });

  it("asks for nothing when the refusal is another one", async () => {
    const ask = vi.fn(() => Promise.resolve(true));
    const leave = offerProof(ask);
    await expect(withProof(refusedUntil(() => false, "owners_only"))).rejects.toThrow("owners_only");
    expect(ask).not.toHaveBeenCalled();
    leave();
  });

  it("asks for the second factor when that is missing, also right after another proof, and never without end", async () => {
    const asked: string[] = [];
    const leave = offerProof((proof) => Promise.resolve(asked.push(proof) > 0));
    const refusals = ["proof_needed", "factor_proof_needed"];
    expect(await withProof(() => (refusals.length > 0 ? Promise.reject(problem(refusals.shift() ?? "")) : Promise.resolve("done")))).toBe("done");
    expect(asked).toEqual(["any", "second_factor"]);
    asked.length = 0;
    await expect(withProof(refusedUntil(() => false))).rejects.toThrow("proof_needed");
    expect(asked).toEqual(["any", "any"]);
    leave();
  });
});
