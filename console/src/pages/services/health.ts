/** How well a service or a call does, in a word, a sign and a colour. */

import type { components } from "@/api/schema";

export type CallStatistics = components["schemas"]["CallStatisticsView"];
export type Health = "good" | "warning" | "critical" | "quiet";

/** Shares of calls that failed on the callee's side. */
export const WARNING_FROM = 0.01;
export const CRITICAL_FROM = 0.05;

export const HEALTH: Record<Health, { sign: string; word: string; color: string }> = {
  good: { sign: "●", word: "healthy", color: "var(--v-good)" },
  warning: { sign: "▲", word: "some failures", color: "var(--v-warning)" },
  critical: { sign: "■", word: "failing", color: "var(--v-critical)" },
  quiet: { sign: "○", word: "no calls", color: "var(--v-dimmed)" },
};

export function healthOf(calls: CallStatistics): Health {
  if (calls.count === 0) return "quiet";
  if (calls.fault_rate >= CRITICAL_FROM) return "critical";
  return calls.fault_rate >= WARNING_FROM ? "warning" : "good";
}
