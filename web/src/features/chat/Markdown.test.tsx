import i18next from "i18next";
import { renderToStaticMarkup } from "react-dom/server";
import { initReactI18next } from "react-i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { resources } from "@/i18n/en";
import { markedReady } from "@/stream/marked";
import { MarkdownBlock } from "./Markdown";
import { decodeEntities, imageHost, safeHref } from "./safeText";

beforeAll(async () => {
  await i18next.use(initReactI18next).init({ lng: "en", resources: { en: resources }, defaultNS: "common", keySeparator: false, interpolation: { escapeValue: false } });
  await markedReady;
});

const html = (raw: string): string => renderToStaticMarkup(<MarkdownBlock raw={raw} />);

describe("text from a model", () => {
  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "words <b onclick=alert(1)>bold</b> words",
    "<svg/onload=alert(1)>",
    "<iframe src='https://evil.example'></iframe>",
    "| <img src=x> | b |\n|---|---|\n| <i>c</i> | d |",
    "- <style>*{display:none}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
  ])("shows HTML as text: %s", (raw) => {
    expect(html(raw)).not.toMatch(/<(script|img|b|svg\/|iframe|i|style)[\s>]/);
    expect(html(raw)).toContain("&lt;");
  });

  it("never loads an image, and names the host it would have asked", () => {
    const out = html("![Our chart](https://tracker.example/p.png?who=you)");
    expect(out).not.toContain("<img");
    expect(out).toContain("Our chart");
    expect(out).toContain("Image from tracker.example was not loaded");
    expect(html("![x](data:image/png;base64,AAAA)")).not.toContain("<img");
    expect(html("![x](/api/session)")).not.toContain("href");
  });

  it.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "/settings", "//evil.example", "file:///etc/passwd", "blob:https://a/b"])(
    "does not make a link of %s", (href) => {
      expect(html(`[click](${href})`)).not.toContain("<a ");
      expect(html(`[click](${href})`)).toContain("click");
    },
  );

  it("opens real links outside, without telling where from", () => {
    const out = html("[law](https://www.gesetze-im-internet.de/bgb/__193.html)");
    expect(out).toContain('href="https://www.gesetze-im-internet.de/bgb/__193.html"');
    expect(out).toContain('rel="noopener noreferrer nofollow"');
    expect(out).toContain('target="_blank"');
  });

  it("starts headings at the third level and keeps prices as they are", () => {
    expect(html("# Big")).toBe("<h3>Big</h3>");
    expect(html("It costs $5 to $10 &amp; more")).toBe("<p>It costs $5 to $10 &amp; more</p>");
  });

  it("sets tables and task lists", () => {
    expect(html("| a | b |\n|:--|--:|\n| 1 | 2 |")).toContain('<td style="text-align:right">2</td>');
    expect(html("- [x] done\n- [ ] open")).toMatch(/<input type="checkbox"[^>]*disabled=""/);
  });
});

describe("addresses and characters", () => {
  it("open only what a click may open", () => {
    expect(safeHref("mailto:a@example.org")).toBe("mailto:a@example.org");
    expect(safeHref(" https://example.org ")).toBe("https://example.org/");
    expect(safeHref("java\nscript:alert(1)")).toBeNull();
    expect(imageHost("https://user:pw@img.example:8443/x")).toBe("img.example:8443");
    expect(imageHost("not an address")).toBeNull();
  });

  it("decode references to text, also broken ones", () => {
    expect(decodeEntities("&lt;b&gt; &#8364; &#x1F642; &unknown; &#xD800; &#0;")).toBe("<b> € 🙂 &unknown; \ufffd \ufffd");
  });
});
