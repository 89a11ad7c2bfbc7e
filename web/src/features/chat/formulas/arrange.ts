// What browsers leave out of MathML, done with classes: where columns stand, their lines, and letters of other alphabets.

// Letters whose shape is their meaning. First capital, first small letter; what Unicode had before has its old place.
const alphabets: Record<string, { capital: number; small: number; before: string }> = {
  "double-struck": { capital: 0x1d538, small: 0x1d552, before: "CℂHℍNℕPℙQℚRℝZℤ" },
  script: { capital: 0x1d49c, small: 0x1d4b6, before: "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ" },
  fraktur: { capital: 0x1d504, small: 0x1d51e, before: "CℭHℌIℑRℜZℨ" },
};

/** The text in another alphabet; what it has no letter for stays. */
export function inAlphabet(text: string, variant: string): string {
  const alphabet = alphabets[variant];
  if (!alphabet) return text;
  return [...text]
    .map((letter) => {
      const known = alphabet.before.indexOf(letter);
      if (known !== -1) return alphabet.before[known + 1];
      if (/[A-Z]/.test(letter)) return String.fromCodePoint(alphabet.capital + letter.charCodeAt(0) - 65);
      return /[a-z]/.test(letter) ? String.fromCodePoint(alphabet.small + letter.charCodeAt(0) - 97) : letter;
    })
    .join("");
}

const listed = (element: Element, name: string): string[] => element.getAttribute(name)?.split(" ") ?? [];

function arrangeTable(table: Element): void {
  const [aligns, lines, rowLines] = [listed(table, "columnalign"), listed(table, "columnlines"), listed(table, "rowlines")];
  // Left and right of a relation sign nothing is to come between.
  const isTight = listed(table, "columnspacing")[0] === "0em";
  [...table.children].forEach((row, rowAt) => {
    if (rowLines[rowAt] && rowLines[rowAt] !== "none") row.classList.add(`formula-row-${rowLines[rowAt]}`);
    [...row.children].forEach((cell, at) => {
      const align = aligns[at] ?? aligns.at(-1);
      if (align && align !== "center") cell.classList.add(`formula-${align}`);
      if (isTight) cell.classList.add("formula-tight");
      if (lines[at] && lines[at] !== "none") cell.classList.add(`formula-column-${lines[at]}`);
    });
  });
}

/** KaTeX means each size to be one of the whole formula's; browsers would take one within another times that. */
function arrangeSizes(place: Element): void {
  const meant = new Map<Element, number>();
  for (const one of place.querySelectorAll("[mathsize]")) {
    const size = Number.parseFloat(one.getAttribute("mathsize") ?? "");
    meant.set(one, size);
    const outer = one.parentElement?.closest("[mathsize]");
    if (outer) one.setAttribute("mathsize", `${size / (meant.get(outer) ?? 1)}em`);
  }
}

export function arrange(place: Element): void {
  arrangeSizes(place);
  // A model knows nothing of the ground that its colours would stand on: most of each is the page's ink.
  for (const one of place.querySelectorAll<MathMLElement>("[mathcolor]")) {
    one.style.color = `color-mix(in oklab, ${one.getAttribute("mathcolor")} 35%, var(--ink))`;
  }
  for (const table of place.querySelectorAll("mtable")) arrangeTable(table);
  for (const one of place.querySelectorAll("[mathvariant]")) {
    const variant = one.getAttribute("mathvariant") ?? "";
    if (one.childElementCount > 0 || !alphabets[variant]) continue;
    one.textContent = inAlphabet(one.textContent ?? "", variant);
    one.removeAttribute("mathvariant");
  }
}
