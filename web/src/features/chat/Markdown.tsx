// Renders one block of Markdown as React elements. HTML stays text, images stay away, links open outside.
import { ImageOff } from "lucide-react";
import type { Token, Tokens } from "marked";
import { Fragment, memo, type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useMarked } from "@/stream/marked";
import type { FormulaToken } from "@/stream/reader";
import { CodeBlock } from "./CodeBlock";
import { OuterLink } from "./OuterLink";
import { Formula, IsSettled } from "./formulas/Formula";
import { decodeEntities, imageHost, safeHref } from "./safeText";
import "./thread.css";

function inline(tokens: readonly Token[] | undefined): ReactNode {
  return tokens?.map((token, index) => <Fragment key={index}>{inlineOne(token)}</Fragment>);
}

function inlineOne(token: Token): ReactNode {
  const t = token as Tokens.Generic;
  switch (t.type) {
    case "strong":
      return <strong>{inline(t.tokens)}</strong>;
    case "em":
      return <em>{inline(t.tokens)}</em>;
    case "del":
      return <del>{inline(t.tokens)}</del>;
    case "codespan":
      return <code>{(t as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return <SafeLink href={(t as Tokens.Link).href}>{inline(t.tokens)}</SafeLink>;
    case "image":
      return <ImageChip href={(t as Tokens.Image).href} alt={(t as Tokens.Image).text} />;
    case "checkbox":
      return <input type="checkbox" checked={(t as Tokens.Checkbox).checked} disabled aria-label={(t as Tokens.Checkbox).checked ? "✓" : "–"} />;
    case "formula":
      return <Formula key={t.raw} {...(token as FormulaToken)} />;
    case "text":
      return t.tokens ? inline(t.tokens) : decodeEntities(String(t.text));
    case "escape":
      return String(t.text);
    default:
      // HTML and anything a later version of the lexer might invent.
      return t.raw;
  }
}

function SafeLink({ href, children }: { href: string; children: ReactNode }) {
  const safe = safeHref(href);
  return safe ? <OuterLink href={safe}>{children}</OuterLink> : <span>{children}</span>;
}

function ImageChip({ href, alt }: { href: string; alt: string }) {
  const { t } = useTranslation(["chat", "common"]);
  const host = imageHost(href);
  const label = host ? t("image.blockedFrom", { host }) : t("image.blocked");
  return (
    <span className="inline-flex max-w-full items-center gap-1.5 rounded-md border border-line bg-sunken px-2 py-0.5 text-sm text-muted">
      <ImageOff aria-hidden="true" className="size-4 shrink-0" />
      <span className="min-w-0">
        {alt ? `${alt} · ` : ""}
        {host ? <SafeLink href={href}>{label}</SafeLink> : label}
      </span>
    </span>
  );
}

function List({ token }: { token: Tokens.List }) {
  const items = token.items.map((item, index) => (
    // Items only ever get appended.
    // oxlint-disable-next-line react/no-array-index-key
    <li key={index} className={item.task ? "list-none" : undefined}>
      {blocks(item.tokens)}
    </li>
  ));
  if (!token.ordered) return <ul>{items}</ul>;
  return <ol {...(token.start === 1 || token.start === "" ? {} : { start: token.start })}>{items}</ol>;
}

function Table({ token }: { token: Tokens.Table }) {
  const { t } = useTranslation(["chat", "common"]);
  const aligned = (align: "center" | "left" | "right" | null) => (align ? { style: { textAlign: align } } : {});
  return (
    // Scrollable regions must be focusable, or the keyboard can't scroll them.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label={t("table.label")} tabIndex={0} className="table-frame">
      <table>
        <thead>
          <tr>
            {token.header.map((cell, i) => (
              <th key={i} scope="col" {...aligned(cell.align)}>{inline(cell.tokens)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, r) => (
            <tr key={r}>
              {row.map((cell, i) => (
                <td key={i} {...aligned(cell.align)}>{inline(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// The page's own headings end at h2, so those inside an answer start at h3.
const headings = ["h3", "h4", "h5", "h6", "h6", "h6"] as const;

function block(token: Token): ReactNode {
  const t = token as Tokens.Generic;
  switch (t.type) {
    case "paragraph":
      return <p>{inline(t.tokens)}</p>;
    case "heading": {
      const Heading = headings[(t as Tokens.Heading).depth - 1] ?? "h6";
      return <Heading>{inline(t.tokens)}</Heading>;
    }
    case "code":
      return <CodeBlock text={String(t.text)} lang={String(t.lang ?? "")} closed={isClosed(t as Tokens.Code)} />;
    case "blockquote":
      return <blockquote>{blocks(t.tokens)}</blockquote>;
    case "list":
      return <List token={t as Tokens.List} />;
    case "table":
      return <Table token={t as Tokens.Table} />;
    case "hr":
      return <hr />;
    case "formula":
      return <p>{inlineOne(t)}</p>;
    case "space":
    case "def":
      return null;
    case "html":
      return <p className="whitespace-pre-wrap">{t.raw.trimEnd()}</p>;
    default:
      return inlineOne(token);
  }
}

function blocks(tokens: readonly Token[] | undefined): ReactNode {
  return tokens?.map((token, index) => <Fragment key={index}>{block(token)}</Fragment>);
}

/** Whether a code block's closing fence has arrived: only then its text won't change. */
function isClosed(token: Tokens.Code): boolean {
  return token.codeBlockStyle === "indented" || /\n *(?:`{3,}|~{3,})[ \t]*\n*$/.test(token.raw);
}

/** One top-level block. Renders again only when its text changes. `isOpen`: it may still grow. */
export const MarkdownBlock = memo(function MarkdownBlock({ raw, isOpen = false }: { raw: string; isOpen?: boolean }) {
  const marked = useMarked();
  const content = useMemo(() => marked && blocks(marked.lex(raw)), [marked, raw]);
  if (!content) return <p className="whitespace-pre-wrap">{raw}</p>;
  return <IsSettled value={!isOpen}>{content}</IsSettled>;
});
