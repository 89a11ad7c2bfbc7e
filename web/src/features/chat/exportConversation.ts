// A conversation as a file: Markdown to read, JSON with every version.
import { download } from "@/api/files";

export const exportConversation = (id: string, format: "markdown" | "json"): Promise<void> =>
  download("GET", `/api/conversations/${id}/export?format=${format}`, `conversation.${format === "json" ? "json" : "md"}`);

/** Which model answered where, without a word of content. */
export const exportReceipts = (id: string, format: "json" | "csv"): Promise<void> =>
  download("GET", `/api/conversations/${id}/receipts?format=${format}`, `receipts.${format}`);
