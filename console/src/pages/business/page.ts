import {
  IconBriefcase,
  IconChartArrows,
  IconCoins,
  IconFileAnalytics,
  IconTargetArrow,
} from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/business",
    title: "Executive overview",
    load: () => import("./ExecutivePage"),
    nav: { section: "Business", order: 300, icon: IconBriefcase },
  },
  {
    path: "/business/kpis",
    title: "KPIs",
    load: () => import("./KpisPage"),
    nav: { section: "Business", order: 310, icon: IconTargetArrow },
  },
  { path: "/business/kpis/$kpi", title: "KPI", load: () => import("./KpiPage") },
  {
    path: "/business/returns",
    title: "Return of models",
    load: () => import("./ReturnsPage"),
    nav: { section: "Business", order: 320, icon: IconCoins },
  },
  {
    path: "/business/correlation",
    title: "Correlation",
    load: () => import("./CorrelationPage"),
    nav: { section: "Business", order: 330, icon: IconChartArrows },
  },
  {
    path: "/business/reports",
    title: "Reports",
    load: () => import("./ReportsPage"),
    nav: { section: "Business", order: 340, icon: IconFileAnalytics },
  },
];
