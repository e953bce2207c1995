import { HEALTH, type Health } from "./health";

/** The health as a sign with its word; the word is for screen readers alone where `short` is set. */
export function HealthMark({ health, short }: { health: Health; short?: boolean }) {
  const { sign, word, color } = HEALTH[health];
  if (short) {
    return (
      <span role="img" aria-label={word} title={word} style={{ color }}>
        {sign}
      </span>
    );
  }
  return (
    <span style={{ whiteSpace: "nowrap" }}>
      <span aria-hidden="true" style={{ color }}>
        {sign}
      </span>{" "}
      {word}
    </span>
  );
}
