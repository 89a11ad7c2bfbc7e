import { describe, expect, it } from "vitest";
import { inOrder } from "./fates";

const line = (matter: string, way: "goes" | "pseudonym" | "stays", rows: number) => ({ table: `${matter} ${rows}`, matter, way, rows, why: "" });

describe("the lines of a dry run", () => {
  it("tell each matter once, with all of its rows", () => {
    const told = inOrder([line("Files", "goes", 2), line("Usage", "pseudonym", 5), line("Files", "goes", 3)]);
    expect(told.map((one) => [one.matter, one.rows])).toEqual([["Files", 5], ["Usage", 5]]);
  });

  it("tell what goes before what stays, and the same matter twice if it does both", () => {
    const told = inOrder([line("Trail", "stays", 1), line("Trail", "goes", 4)]);
    expect(told.map((one) => one.way)).toEqual(["goes", "stays"]);
  });
});
