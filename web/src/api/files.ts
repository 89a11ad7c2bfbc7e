// A file that the server gives, saved as a download under the name it was given.
import { send } from "./client";

/** Asks for a file and saves it. Throws what `send` throws. */
export async function download(method: "GET" | "POST", path: string, fallbackName: string, body?: unknown): Promise<void> {
  const answer = await send(method, path, { ...(body === undefined ? {} : { body }), headers: { Accept: "*/*" } });
  save(await answer.blob(), nameOf(answer.headers.get("Content-Disposition")) ?? fallbackName);
}

const nameOf = (disposition: string | null): string | undefined => /filename="([\w.-]+)"/.exec(disposition ?? "")?.[1];

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then; at once would be too early for some.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
