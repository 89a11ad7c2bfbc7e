// Everything that is only seen with attachments, or when something is withheld, comes with its texts when it is needed.
import { lazy, Suspense } from "react";
import { andTexts } from "@/i18n";
import type { AskBeforeProps } from "./AskBefore";
import type { MessageFilesProps } from "./MessageFiles";
import type { TrayProps } from "./Tray";
import { type Asked, type AskedAgain, holdsBack, useForeseen } from "./useForeseen";
import type { AfterProps, BeforeProps } from "./WithheldNotes";

const parts = () => andTexts(import("./parts"), "attachments");
const LateAsk = lazy(() => parts().then((loaded) => ({ default: loaded.AskBefore })));
const LateTray = lazy(() => parts().then((loaded) => ({ default: loaded.Tray })));
const LateFiles = lazy(() => parts().then((loaded) => ({ default: loaded.MessageFiles })));
const LateBefore = lazy(() => parts().then((loaded) => ({ default: loaded.WithheldBefore })));
const LateAfter = lazy(() => parts().then((loaded) => ({ default: loaded.WithheldAfter })));
const LateOf = lazy(() => parts().then((loaded) => ({ default: loaded.WithheldOf })));

export function Tray(props: TrayProps) {
  return props.attachments.chips.length === 0 ? null : <Suspense fallback={null}><LateTray {...props} /></Suspense>;
}

export function MessageFiles(props: MessageFilesProps) {
  return props.files.length === 0 ? null : <Suspense fallback={<div className="h-12" />}><LateFiles {...props} /></Suspense>;
}

/** Above the field. */
export function WithheldBefore(props: BeforeProps) {
  if (!props.foreseen || !holdsBack(props.foreseen.withheld)) return null;
  return <Suspense fallback={null}><LateBefore {...props} /></Suspense>;
}

/** Of one of several models that are compared, or of a message that is being changed. */
export function WithheldOf({ modelName, ...asked }: (Asked | AskedAgain) & { modelName: string }) {
  const foreseen = useForeseen(asked);
  if (!foreseen || !holdsBack(foreseen.withheld)) return null;
  return <Suspense fallback={null}><LateOf foreseen={foreseen} modelName={modelName} /></Suspense>;
}

export function AskBefore(props: AskBeforeProps) {
  return <Suspense fallback={null}><LateAsk {...props} /></Suspense>;
}

/** Below an answer. */
export function WithheldAfter(props: AfterProps) {
  const { withheld } = props;
  if (!withheld || (withheld.messages === 0 && withheld.files.length === 0)) return null;
  return <Suspense fallback={null}><LateAfter {...props} /></Suspense>;
}
