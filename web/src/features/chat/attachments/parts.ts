// One chunk: what Late.tsx brings.
export { AskBefore } from "./AskBefore";
export { MessageFiles } from "./MessageFiles";
export { Tray } from "./Tray";
export { WithheldAfter, WithheldBefore, WithheldOf } from "./WithheldNotes";
