/** The part of ECharts that is used; loaded when the first chart of it is shown. */

import { BarChart, HeatmapChart } from "echarts/charts";
import {
  AriaComponent,
  GridComponent,
  MarkAreaComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  AriaComponent,
  BarChart,
  CanvasRenderer,
  GridComponent,
  HeatmapChart,
  MarkAreaComponent,
  TooltipComponent,
  VisualMapComponent,
]);

export type { EChartsCoreOption, EChartsType } from "echarts/core";
export { init };
