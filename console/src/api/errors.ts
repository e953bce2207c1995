/** What the API says when something is wrong; see vedette.core.errors. */
export interface ErrorDetail {
  code: string;
  message: string;
  field?: string | null;
  remedy?: string | null;
  /** Zero-based column in a query text. */
  position?: number | null;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly remedy: string | null;
  readonly position: number | null;

  constructor(status: number, detail: ErrorDetail) {
    super(detail.message);
    this.name = "ApiError";
    this.status = status;
    this.code = detail.code;
    this.field = detail.field ?? null;
    this.remedy = detail.remedy ?? null;
    this.position = detail.position ?? null;
  }
}

/** Make an error of an answer's body, whatever a proxy in between may have sent instead. */
export function errorOf(status: number, body: unknown): ApiError {
  const detail = (body as { error?: ErrorDetail } | undefined)?.error;
  if (detail && typeof detail.message === "string") return new ApiError(status, detail);
  return new ApiError(status, {
    code: "unavailable",
    message: status ? `the server answered ${status}` : "the server cannot be reached",
    remedy: status ? "see the server's log" : "check that the server runs, then try again",
  });
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof TypeError) return errorOf(0, undefined);
  return new ApiError(0, { code: "console", message: String((error as Error)?.message ?? error) });
}

/** Whether the same request may well succeed later. */
export function isRetryable(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 429 || error.status === 503);
}
