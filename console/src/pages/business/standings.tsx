import type { components } from "@/api/schema";
import { formatValue } from "@/charts/units";
import { StateMark } from "@/components/Standing";

type Standing = components["schemas"]["StandingView"];

/** How targets stand, a line each: the word, the numbers, what is expected. */
export function Standings({ standings, unit }: { standings: readonly Standing[]; unit: string }) {
  return (
    <>
      {standings.map((one) => (
        <div key={`${one.period} ${one.target}`}>
          <StateMark state={one.verdict} />{" "}
          <span>
            {formatValue(one.actual, unit)} of {formatValue(one.target, unit)} this {one.period}
            {one.projected != null &&
              `, expected ${formatValue(one.projected, unit)} (${formatValue(one.lower, unit)} to ${formatValue(one.upper, unit)})`}
          </span>
        </div>
      ))}
      {standings.length === 0 && <div className="dimmed">no target</div>}
    </>
  );
}
