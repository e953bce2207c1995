/** A share near 1 with the digits that matter: 0.99953 is "99.953 %". */
export function formatGood(share: number | null | undefined): string {
  if (share == null) return "–";
  return `${(share * 100).toFixed(3)} %`;
}

/** A goal as it was written: 0.999 is "99.9 %". */
export function formatGoal(goal: number): string {
  return `${Number((goal * 100).toPrecision(8))} %`;
}
