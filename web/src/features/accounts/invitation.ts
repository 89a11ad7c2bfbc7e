// An invitation's secret on its way: it comes in the fragment of the link, which no server and no log ever sees, and is kept
// in this tab, so that whoever signs in first finds it again. It is in no address that is sent, and in no history.

const KEY = "moorage.invitation";

/** The secret of the link that was opened in this tab; "" for none. Takes it out of the address bar. */
export function takeInvitation(): string {
  const token = location.hash.slice(1);
  if (token) {
    history.replaceState(history.state, "", location.pathname);
    keep((storage) => storage.setItem(KEY, token));
    return token;
  }
  return keep((storage) => storage.getItem(KEY)) ?? "";
}

/** It was used, or is good for nothing any more. */
export function forgetInvitation(): void {
  keep((storage) => storage.removeItem(KEY));
}

function keep<T>(act: (storage: Storage) => T): T | null {
  try {
    return act(window.sessionStorage);
  } catch {
    // A browser that keeps its storage closed asks for the link once more after signing in.
    return null;
  }
}
