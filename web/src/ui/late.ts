// Parts of a control that come after the page. They take the place of what stands there between two presses, never within one:
// a button exchanged under the finger would swallow its click.
import { type ComponentType, createElement, type ReactElement, type RefObject, useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";

const held = new Set<string>();
const waiting: (() => void)[] = [];

function whenNothingIsPressed(act: () => void): void {
  if (held.size === 0) act();
  else waiting.push(act);
}

function watchPresses(): void {
  // The click follows the release; whoever waits comes after it.
  const release = (which: string) => setTimeout(() => (held.delete(which), held.size === 0 && waiting.splice(0).forEach((act) => act())));
  addEventListener("pointerdown", (event) => held.add(`pointer ${event.pointerId}`), true);
  for (const end of ["pointerup", "pointercancel"] as const) addEventListener(end, (event) => release(`pointer ${event.pointerId}`), true);
  // The keys that press buttons; with the command key down, macOS tells no other key's release.
  const presses = (event: KeyboardEvent) => (event.key === "Enter" || event.key === " ") && !event.metaKey;
  addEventListener("keydown", (event) => void (presses(event) && held.add(`key ${event.code}`)), true);
  addEventListener("keyup", (event) => release(`key ${event.code}`), true);
  // What is let go over another window isn't told here.
  addEventListener("blur", () => [...held].forEach(release));
}

interface Loaded<Props> {
  part: ComponentType<Props> | null;
  /** Thrown by the control that needs it, as `lazy` does: the page's error boundary offers to load again. */
  failure: unknown;
}

export interface Late<Props> {
  /** `meanwhile` stands until the part is there. */
  (props: Props & { meanwhile: ReactElement }): ReactElement;
  /** Asks for the part before it is shown. */
  prepare: () => void;
}

/** Makes a control of a part that is asked for when the first of its kind is shown, or before. */
export function lateOf<Props extends object>(load: () => Promise<ComponentType<Props>>): Late<Props> {
  let loaded: Loaded<Props> = { part: null, failure: null };
  let isAsked = false;
  const watchers = new Set<() => void>();
  const settle = (next: Loaded<Props>) => {
    // Shown in this very turn: a press that begins a moment later meets what is there to stay.
    flushSync(() => ((loaded = next), watchers.forEach((changed) => changed())));
  };
  const ask = () => {
    if (isAsked) return;
    isAsked = true;
    load().then(
      (part) => whenNothingIsPressed(() => settle({ part, failure: null })),
      (failure: unknown) => settle({ part: null, failure }),
    );
  };
  const subscribe = (changed: () => void) => {
    watchers.add(changed);
    ask();
    return () => void watchers.delete(changed);
  };
  function LatePart({ meanwhile, ...props }: Props & { meanwhile: ReactElement }): ReactElement {
    const { part, failure } = useSyncExternalStore(subscribe, () => loaded);
    if (failure !== null) throw failure;
    return part ? createElement(part, props as unknown as Props) : meanwhile;
  }
  return Object.assign(LatePart, { prepare: ask });
}

/** Gives the ref for a button that takes another's place, and its keyboard focus with it. */
export function useTakenOver(hadFocus: RefObject<boolean>): RefObject<HTMLButtonElement | null> {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (hadFocus.current) button.current?.focus();
  }, [hadFocus]);
  return button;
}

watchPresses();
