// How easily a password is guessed, estimated in the browser; loaded when somebody begins to type one. The server has the last word.
import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary } from "@zxcvbn-ts/language-common";

export type Strength = 0 | 1 | 2 | 3 | 4;

const judge = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, maxLength: 32 });

/** From 0, guessed at once, to 4. `words` are the person's own, which somebody who knows them tries first. */
export function estimate(password: string, words: readonly string[]): Strength {
  const own = words.flatMap((word) => [word, ...word.split(/[^\p{L}\p{N}]+/u)]).filter((word) => word.length > 2);
  return judge.check(password.slice(0, 32), ["moorage", ...own]).score;
}
