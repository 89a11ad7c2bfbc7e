// The one way to the server: same-origin JSON, the CSRF header, the person's language, and errors as Problems.
import type { components } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** What went wrong, as the server words it for a person. `problem.field` names the input it belongs to. */
export class ProblemError extends Error {
  readonly status: number;
  readonly problem: Problem;
  readonly requestId: string | null;

  constructor(status: number, problem: Problem, requestId: string | null) {
    super(problem.message);
    this.name = "ProblemError";
    this.status = status;
    this.problem = problem;
    this.requestId = requestId;
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
interface Options {
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

const client = {
  csrfToken: null as string | null,
  locale: "en",
  wordOffline: () => "The server can't be reached.",
  wordUnknown: () => "Something went wrong.",
  onSignedOut: () => {},
};

/** Filled by the session query and the language switch; nothing else sets it. */
export function configureClient(part: Partial<typeof client>): void {
  Object.assign(client, part);
}

function headersFor(method: Method, options: Options): Headers {
  const headers = new Headers(options.headers);
  headers.set("Accept-Language", client.locale);
  if (!headers.has("Accept")) headers.set("Accept", "application/json");
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  if (method !== "GET" && client.csrfToken) headers.set("X-CSRF-Token", client.csrfToken);
  return headers;
}

async function problemOf(response: Response): Promise<ProblemError> {
  try {
    const body = (await response.json()) as Partial<Schemas["ProblemBody"]>;
    if (body.error?.message) return new ProblemError(response.status, body.error, body.request_id ?? null);
  } catch {
    // Not our server's shape: a proxy answered. The sentence below says what to do.
  }
  const problem = { code: "unknown", message: client.wordUnknown(), retryable: response.status >= 500 } as Problem;
  return new ProblemError(response.status, problem, response.headers.get("X-Request-ID"));
}

/** Sends and returns the raw answer if it is a success; throws ProblemError otherwise, AbortError when aborted. */
export async function send(method: Method, path: string, options: Options = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: headersFor(method, options),
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
      credentials: "same-origin",
      redirect: "error",
      cache: "no-store",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw offline();
  }
  if (response.ok) return response;
  throw await refusalOf(response, path);
}

function offline(): ProblemError {
  return new ProblemError(0, { code: "offline", message: client.wordOffline(), retryable: true } as Problem, null);
}

async function refusalOf(response: Response, path: string): Promise<ProblemError> {
  if (response.status === 401 && !path.startsWith("/api/sign-")) client.onSignedOut();
  const problem = await problemOf(response);
  // This browser went on under another token, in another tab: the next try must carry what belongs to it.
  if (problem.problem.code === "csrf_wrong") client.onSignedOut();
  return problem;
}

/** Sends a file as it is and tells which share of it has left, which fetch can't. Throws what `send` throws. */
export function sendFile<T>(path: string, file: File, signal: AbortSignal, onProgress: (share: number) => void): Promise<T> {
  const request = new XMLHttpRequest();
  request.open("POST", path);
  const about = { "Content-Type": "application/octet-stream", "File-Name": encodeURIComponent(wellFormed(file.name)) };
  for (const [name, value] of headersFor("POST", { headers: about })) request.setRequestHeader(name, value);
  signal.addEventListener("abort", () => request.abort(), { once: true });
  request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
  return new Promise((resolve, reject) => {
    request.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    request.addEventListener("error", () => reject(offline()));
    request.addEventListener("load", () => {
      const answer = new Response(request.responseText, { status: request.status, headers: { "X-Request-ID": request.getResponseHeader("X-Request-ID") ?? "" } });
      if (answer.ok) answer.json().then((body) => resolve(body as T), reject);
      else void refusalOf(answer, path).then(reject);
    });
    request.send(file);
  });
}

// Half of a character in a file's name can't be encoded.
const wellFormed = (name: string): string => name.replace(/\p{Surrogate}/gu, "\uFFFD");

async function json<T>(method: Method, path: string, options?: Options): Promise<T> {
  const response = await send(method, path, options);
  return (await response.json()) as T;
}

export const api = {
  get: <T>(path: string, signal?: AbortSignal) => json<T>("GET", path, signal ? { signal } : {}),
  post: <T>(path: string, body?: unknown, signal?: AbortSignal) => json<T>("POST", path, { body: body ?? {}, ...(signal ? { signal } : {}) }),
  put: <T>(path: string, body: unknown) => json<T>("PUT", path, { body }),
  patch: <T>(path: string, body: unknown) => json<T>("PATCH", path, { body }),
  delete: <T>(path: string) => json<T>("DELETE", path),
};

/** Any thrown thing as a Problem that can be shown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return { code: "unknown", message: client.wordUnknown(), retryable: true } as Problem;
}
