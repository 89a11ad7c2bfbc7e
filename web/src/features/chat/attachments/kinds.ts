// What attachments are in the pages: names, sizes, icons, and where they are fetched from.
import { FileText, FileType, Image, type LucideIcon } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/format";

export type Attachment = Schemas["AttachmentView"];
export type Withheld = Schemas["WithheldView"];
export type Foreseen = Schemas["ForeseenView"];

export const icons: Record<Attachment["kind"], LucideIcon> = { image: Image, pdf: FileType, text: FileText };

/** Where the content is: of one's own, or of a conversation that somebody shares. */
export function contentUrl(id: string, sharedIn?: string): string {
  return sharedIn ? `/api/shared-conversations/${sharedIn}/attachments/${id}/content` : `/api/attachments/${id}/content`;
}

const kib = 1024;

export function useSizes(): { size: (bytes: number) => string; about: (one: Attachment) => string } {
  const { t } = useTranslation("attachments");
  const { number } = useFormats();
  const size = (bytes: number) =>
    bytes < kib * kib ? t("size.kib", { value: number(Math.max(1, Math.round(bytes / kib))) }) : t("size.mib", { value: number(Math.round((bytes / kib / kib) * 10) / 10) });
  const about = (one: Attachment) => [one.pages ? t("pages", { count: one.pages }) : null, size(one.size)].filter(Boolean).join(", ");
  return { size, about };
}
