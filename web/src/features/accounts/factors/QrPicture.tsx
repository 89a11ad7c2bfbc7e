// A QR code drawn from the server's path: dark on white in both themes, or cameras do not read it.
import type { Schemas } from "@/api/client";

export function QrPicture({ qr, label }: { qr: Schemas["QrCode"]; label: string }) {
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${qr.size} ${qr.size}`} shapeRendering="crispEdges" className="size-48 shrink-0 rounded-md">
      <rect width={qr.size} height={qr.size} fill="#fff" />
      <path d={qr.path} fill="#000" />
    </svg>
  );
}
