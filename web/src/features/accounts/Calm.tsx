// The frame of the pages before sign-in: one column, the product's promise, the language.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { changeLocale, locales } from "@/i18n";
import { useDocumentTitle } from "@/ui/useDocumentTitle";
import { cx } from "@/ui/cx";

export function Calm({ title, intro, children, footer }: { title: string; intro?: ReactNode; children?: ReactNode; footer?: ReactNode }) {
  const { t, i18n } = useTranslation(["accounts", "common"]);
  useDocumentTitle(title);
  return (
    <div className="mx-auto flex min-h-dvh w-full max-w-md flex-col px-5 py-8 sm:py-14">
      <header className="flex items-center justify-between gap-4 pb-10 sm:pb-14">
        <p className="flex items-center gap-2.5 text-base font-bold">
          <img src="/favicon.svg" alt="" className="size-7" />
          {t("common:product")}
        </p>
        <div role="group" aria-label={t("common:language.label")} className="flex gap-1">
          {locales.map((locale) => (
            <button
              key={locale}
              type="button"
              lang={locale}
              aria-pressed={i18n.language === locale}
              onClick={() => void changeLocale(locale)}
              className={cx("min-h-8 rounded-md px-2 text-sm pointer-coarse:min-h-11", i18n.language === locale ? "font-semibold text-ink underline underline-offset-4" : "text-muted hover:text-ink")}
            >
              {t(`common:language.${locale}`)}
            </button>
          ))}
        </div>
      </header>
      <main className="flex flex-col gap-6">
        <div className="flex flex-col gap-2">
          <h1 className="text-2xl">{title}</h1>
          {intro ? <div className="text-muted">{intro}</div> : null}
        </div>
        {children}
        {footer ? <p className="text-sm text-muted">{footer}</p> : null}
      </main>
      <footer className="mt-auto pt-14 text-sm text-muted">{t("promise")}</footer>
    </div>
  );
}
