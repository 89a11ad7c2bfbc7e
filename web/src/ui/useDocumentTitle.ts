// Names the browser tab.
import { useEffect } from "react";

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Moorage` : "Moorage";
  }, [title]);
}
