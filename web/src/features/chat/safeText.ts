// What text from a model may become. Everything not named here stays text.

const openable = new Set(["http:", "https:", "mailto:"]);

/** The address if a click may open it, otherwise null. Relative addresses would lead into this app, so they stay text. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href.trim());
    return openable.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** The host an image would have been loaded from. */
export function imageHost(href: string): string | null {
  try {
    const url = new URL(href.trim());
    return url.protocol === "https:" || url.protocol === "http:" ? url.host : null;
  } catch {
    return null;
  }
}

const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", ndash: "–", mdash: "—", hellip: "…", euro: "€", copy: "©", sect: "§", times: "×", rarr: "→", larr: "←" };

/** Character references as characters. The result is text; it never becomes markup. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name) return named[name] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex ?? "", 16);
    const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : "\ufffd";
  });
}
