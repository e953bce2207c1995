/**
 * What the address may hold: each parameter reads its text and says what is wrong with it. A page
 * lists its parameters once; `useUrlState` gives their values, typed, with the fallback where the
 * text makes no sense.
 */
export interface Param<T> {
  readonly fallback: T;
  /** The value, or an `Invalid` with the reason. */
  read(raw: string | readonly string[]): T | Invalid;
  /** The text; undefined leaves it out of the address. */
  write(value: T): string | string[] | undefined;
}

export class Invalid {
  constructor(readonly reason: string) {}
}

const MAX_TEXT = 16_384;

const one = (raw: string | readonly string[]): string =>
  typeof raw === "string" ? raw : (raw[raw.length - 1] ?? "");

/** Any text up to 16 KiB. */
export function text(fallback = ""): Param<string> {
  return {
    fallback,
    read: (raw) => {
      const value = one(raw);
      return value.length <= MAX_TEXT ? value : new Invalid(`it is longer than ${MAX_TEXT}`);
    },
    write: (value) => (value === fallback ? undefined : value),
  };
}

/** One of a few words. */
export function oneOf<const T extends string>(choices: readonly T[], fallback: T): Param<T> {
  return {
    fallback,
    read: (raw) =>
      choices.find((choice) => choice === one(raw)) ??
      new Invalid(`it is none of ${choices.join(", ")}`),
    write: (value) => (value === fallback ? undefined : value),
  };
}

/** A whole number within limits. */
export function integer(fallback: number, min: number, max: number): Param<number> {
  return {
    fallback,
    read: (raw) => {
      const value = /^-?\d{1,15}$/.test(one(raw)) ? Number(one(raw)) : Number.NaN;
      return value >= min && value <= max
        ? value
        : new Invalid(`it is not a whole number from ${min} to ${max}`);
    },
    write: (value) => (value === fallback ? undefined : String(value)),
  };
}

/** Yes or no, written `1` and `0`. */
export function flag(fallback = false): Param<boolean> {
  return {
    fallback,
    read: (raw) => {
      const value = one(raw);
      if (value === "1" || value === "true" || value === "") return true;
      return value === "0" || value === "false" ? false : new Invalid("it is neither 1 nor 0");
    },
    write: (value) => (value === fallback ? undefined : value ? "1" : "0"),
  };
}

/** Several texts, each under the same name. An empty list is written as one empty text. */
export function list(fallback: readonly string[] = [], most = 50): Param<readonly string[]> {
  return {
    fallback,
    read: (raw) => {
      const values = (typeof raw === "string" ? [raw] : [...raw]).filter((value) => value !== "");
      if (values.length > most) return new Invalid(`it has more than ${most} values`);
      if (values.some((value) => value.length > MAX_TEXT))
        return new Invalid("a value is too long");
      return [...new Set(values)];
    },
    write: (value) => {
      if (value.length === fallback.length && value.every((item, at) => item === fallback[at])) {
        return undefined;
      }
      return value.length ? [...value] : "";
    },
  };
}

/** A text that must match, such as an id. */
export function pattern(expression: RegExp, what: string, fallback = ""): Param<string> {
  return {
    fallback,
    read: (raw) => {
      const value = one(raw);
      return value === fallback || expression.test(value)
        ? value
        : new Invalid(`it is not ${what}`);
    },
    write: (value) => (value === fallback ? undefined : value),
  };
}

/** Something with structure, as JSON; `check` returns the value or the reason against it. */
export function json<T>(fallback: T, check: (value: unknown) => T | Invalid): Param<T> {
  const usual = JSON.stringify(fallback);
  return {
    fallback,
    read: (raw) => {
      try {
        return check(JSON.parse(one(raw)));
      } catch {
        return new Invalid("it is not JSON");
      }
    },
    write: (value) => {
      const written = JSON.stringify(value);
      return written === usual ? undefined : written;
    },
  };
}
