// Files dropped on the message field, and pictures pasted into it.
import { type ClipboardEvent, type DragEvent, useState } from "react";

export interface Drop {
  isOver: boolean;
  handlers: {
    onDragEnter: (event: DragEvent) => void;
    onDragOver: (event: DragEvent) => void;
    onDragLeave: (event: DragEvent) => void;
    onDrop: (event: DragEvent) => void;
    onPaste: (event: ClipboardEvent) => void;
  };
}

const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");

export function useDrop(add: (files: File[]) => void): Drop {
  const [isOver, setIsOver] = useState(false);
  const note = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setIsOver(true);
  };
  return {
    isOver,
    handlers: {
      onDragEnter: note,
      onDragOver: note,
      onDragLeave: (event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setIsOver(false);
      },
      onDrop: (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setIsOver(false);
        add([...event.dataTransfer.files]);
      },
      onPaste: (event) => {
        const files = [...event.clipboardData.files];
        // Cells and formatted words bring a picture of themselves along: then the words are meant.
        if (files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
        event.preventDefault();
        add(files);
      },
    },
  };
}
