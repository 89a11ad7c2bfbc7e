// An answer as other programs take it: what is rendered on the page, without what only the page needs. It is read from the
// page's own elements and written out by a list; nothing is ever put into a page from it.
const names = new Set(["p", "strong", "em", "del", "code", "pre", "a", "br", "hr", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td"]);
const empty = new Set(["br", "hr"]);
const signs: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => signs[sign] ?? sign);

function nameOf(element: Element): string | null {
  // On the page an answer's headings stand below the page's own; elsewhere they begin at the first.
  const level = /^h([3-6])$/.exec(element.localName)?.[1];
  return level ? `h${Number(level) - 2}` : names.has(element.localName) ? element.localName : null;
}

function attributesOf(element: Element): string {
  const href = element.localName === "a" ? element.getAttribute("href") : null;
  const start = element.localName === "ol" ? element.getAttribute("start") : null;
  const align = element instanceof HTMLTableCellElement ? element.style.textAlign : "";
  return `${href ? ` href="${escaped(href)}"` : ""}${start ? ` start="${escaped(start)}"` : ""}${align ? ` align="${escaped(align)}"` : ""}`;
}

/** What the page shows with its own line breaks; other programs would take them for spaces. */
const inLines = (text: string): string => escaped(text).replaceAll("\n", "<br>");
const keepsLines = (node: Node | null): boolean => node instanceof Element && node.classList.contains("whitespace-pre-wrap");

/** `shown`: the element that holds the rendered answer. */
export function formattedOf(shown: Node): string {
  return [...shown.childNodes].map(written).join("");
}

function written(node: Node): string {
  if (node.nodeType === Node.TEXT_NODE) return (keepsLines(node.parentNode) ? inLines : escaped)(node.textContent ?? "");
  if (!(node instanceof Element) || node.matches("button, svg, [data-page-only]")) return "";
  if (node instanceof HTMLInputElement) return node.checked ? "☑ " : "☐ ";
  // Formulas go out as they were written: few programs take MathML.
  if (node instanceof HTMLElement && node.dataset.tex) return inLines(node.dataset.tex);
  const name = nameOf(node);
  // Frames that let tables and code scroll, and what colours code, mean nothing elsewhere.
  if (name === null) return formattedOf(node);
  return empty.has(name) ? `<${name}>` : `<${name}${attributesOf(node)}>${formattedOf(node)}</${name}>`;
}

/** Where the clipboard takes no items (a plain http address), the browser's own act of copying is given both. */
function copyByAct(html: string, text: string): boolean {
  let isTaken = false;
  const give = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.clipboardData?.setData("text/html", html);
    event.clipboardData?.setData("text/plain", text);
    isTaken = event.clipboardData !== null;
  };
  document.addEventListener("copy", give, { once: true });
  const isDone = document.execCommand("copy");
  document.removeEventListener("copy", give);
  return isDone && isTaken;
}

/** Resolves to whether it is in the clipboard. `text` is for programs that take no formatting. */
export async function copyFormatted(html: string, text: string): Promise<boolean> {
  try {
    if (typeof ClipboardItem === "undefined" || !navigator.clipboard) return copyByAct(html, text);
    const blob = (type: string, content: string) => new Blob([content], { type });
    await navigator.clipboard.write([new ClipboardItem({ "text/html": blob("text/html", html), "text/plain": blob("text/plain", text) })]);
    return true;
  } catch {
    return copyByAct(html, text);
  }
}
