import { expect, it } from "vitest";
import { conversationIdIn } from "./conversationId";

const id = "01998a3c-7d1e-7b2a-9c55-0a1b2c3d4e5f";

it("finds the id in an id and in a link, and nothing in anything else", () => {
  expect(conversationIdIn(` ${id.toUpperCase()} `)).toBe(id);
  expect(conversationIdIn(`https://hub.example/settings/team/conversations?id=${id}`)).toBe(id);
  expect(conversationIdIn(`https://hub.example/c/${id}`)).toBe(id);
  expect(conversationIdIn("Weber")).toBeNull();
});
