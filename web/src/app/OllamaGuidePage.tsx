// The guide for Ollama as it lies in docs/: built into the pages, so that whoever is refused can go on reading here.
// Not by the chat's Markdown, which would part the chat's own chunks; this text is ours and holds little.
import { Lexer, type Token, type Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { useCopy } from "@/ui/useCopy";
import guide from "../../../docs/connect-ollama.md?raw";

// Its title is the page's own, in the page's language.
const [, ...rest] = new Lexer({ gfm: true }).lex(guide);

function each(tokens: readonly Token[] | undefined, show: (token: Token) => ReactNode): ReactNode {
  // oxlint-disable-next-line react/no-array-index-key -- the text never changes
  return tokens?.map((token, index) => <Fragment key={index}>{show(token)}</Fragment>);
}

function inline(token: Token): ReactNode {
  const t = token as Tokens.Generic;
  if (t.type === "codespan") return <code className="rounded bg-sunken px-1 py-0.5 text-[0.92em] wrap-anywhere">{t.text}</code>;
  if (t.type === "strong") return <strong>{each(t.tokens, inline)}</strong>;
  if (t.type === "em") return <em>{each(t.tokens, inline)}</em>;
  // Links lead to other documents of the same folder, which are not here.
  return t.tokens ? each(t.tokens, inline) : t.text;
}

function block(token: Token): ReactNode {
  const t = token as Tokens.Generic;
  if (t.type === "space") return null;
  if (t.type === "heading") return <h2 className="pt-4 text-lg">{each(t.tokens, inline)}</h2>;
  if (t.type === "code") return <Code text={String(t.text)} />;
  if (t.type === "table") return <Table table={t as Tokens.Table} />;
  if (t.type === "list") {
    const { items, ordered } = t as Tokens.List;
    const shown = each(items, (item) => <li className="pl-1">{each((item as Tokens.ListItem).tokens, block)}</li>);
    return ordered ? <ol className="list-decimal pl-6">{shown}</ol> : <ul className="list-disc pl-6">{shown}</ul>;
  }
  if (t.type === "paragraph") return <p>{each(t.tokens, inline)}</p>;
  return inline(token);
}

function Code({ text }: { text: string }) {
  const { t } = useTranslation("connections");
  const { copied, copy } = useCopy();
  return (
    <div className="rounded-md border border-line bg-sunken">
      <div className="flex justify-end border-b border-line p-1">
        <Button size="sm" onClick={() => copy(text)}>{copied ? t("guide.copied") : t("guide.copy")}</Button>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <pre tabIndex={0} className="overflow-x-auto p-3 text-sm">{text}</pre>
    </div>
  );
}

function Table({ table }: { table: Tokens.Table }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div tabIndex={0} className="overflow-x-auto rounded-md border border-line">
      <table className="w-full text-left text-sm [&_td]:px-3 [&_td]:py-1.5 [&_td]:align-top [&_th]:px-3 [&_th]:py-1.5">
        <thead className="bg-sunken"><tr>{table.header.map((cell) => <th key={cell.text} scope="col">{each(cell.tokens, inline)}</th>)}</tr></thead>
        <tbody>
          {table.rows.map((row) => (
            <tr key={row[0]?.text} className="border-t border-line">{row.map((cell) => <td key={cell.text}>{each(cell.tokens, inline)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Component() {
  const { t, i18n } = useTranslation("connections");
  return (
    <Page title={t("guide.title")} intro={i18n.language === "en" ? null : t("guide.english")}>
      <div lang="en" className="flex max-w-3xl min-w-0 flex-col gap-3">{each(rest, block)}</div>
    </Page>
  );
}
