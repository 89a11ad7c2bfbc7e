import { expect, it } from "vitest";
import { teamOf } from "./teamLink";

const team = "0199d3c2-1b7a-7c3e-8a55-0123456789ab";

it("takes the link, with what hangs on it, and the id alone", () => {
  for (const text of [team, ` ${team.toUpperCase()} `, `https://moorage.example.com/sign-in/team/${team}`, `/sign-in/team/${team}/?x=1#y`]) expect(teamOf(text)).toBe(team);
});

it("takes nothing else", () => {
  for (const text of ["", "brandt", "https://moorage.example.com/sign-in/team/", `${team}0`, `javascript:${team.slice(1)}`]) expect(teamOf(text)).toBeNull();
});
