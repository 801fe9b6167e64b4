import { BarChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** Bars side by side: one group for each category, one bar in it for each series. */
export interface Plot {
  title: string;
  categories: string[];
  series: { name: string; values: number[] }[];
  /** Where values are apart by orders of magnitude. */
  isLog?: boolean;
}

const WIDTH = 880;
const PANEL = 250;
const LEGEND = 36;
/** One for each series; they read on white and on black, and without red and green side by side. */
const COLORS = ["#2f81f7", "#d29922", "#a371f7", "#6e7681", "#db61a2"];
const INK = { light: "#424a53", dark: "#c9d1d9" };
const RULE = { light: "#d8dee4", dark: "#30363d" };

/** Plots below each other with one legend, as an SVG for light and dark pages. */
export function renderPlots(plots: readonly Plot[]): string {
  const chart = init(null, null, {
    renderer: "svg",
    ssr: true,
    width: WIDTH,
    height: plots.length * PANEL + LEGEND,
  });
  const names = [...new Set(plots.flatMap(({ series }) => series.map(({ name }) => name)))];
  const text = { color: INK.light, fontFamily: "system-ui, sans-serif" };
  chart.setOption({
    animation: false,
    color: COLORS,
    textStyle: text,
    legend: { data: names, top: 4, textStyle: text, itemWidth: 14, itemHeight: 10 },
    title: plots.map(({ title }, i) => ({
      text: title,
      left: 8,
      top: LEGEND + i * PANEL,
      textStyle: { ...text, fontSize: 13, fontWeight: 600 },
    })),
    grid: plots.map((_, i) => ({
      left: 64,
      right: 16,
      top: LEGEND + i * PANEL + 44,
      height: PANEL - 76,
    })),
    xAxis: plots.map(({ categories }, i) => ({
      type: "category",
      gridIndex: i,
      data: categories,
      axisLabel: text,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: RULE.light } },
    })),
    yAxis: plots.map(({ isLog }, i) => ({
      type: isLog === true ? "log" : "value",
      gridIndex: i,
      axisLabel: { ...text, formatter: brief },
      splitLine: { lineStyle: { color: RULE.light } },
    })),
    series: plots.flatMap(({ series }, i) =>
      series.map(({ name, values }) => ({
        type: "bar",
        name,
        xAxisIndex: i,
        yAxisIndex: i,
        data: values.map((value) => (Number.isFinite(value) ? value : null)),
        barMaxWidth: 40,
        itemStyle: { color: COLORS[names.indexOf(name) % COLORS.length] },
        label: {
          show: true,
          position: "top",
          ...text,
          fontSize: 10,
          formatter: ({ value }: { value: unknown }) => brief(Number(value)),
        },
      })),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return forBothThemes(svg);
}

/** Pages show an SVG without its surroundings: it asks for itself whether they are dark. */
function forBothThemes(svg: string): string {
  const style = `<style>@media (prefers-color-scheme: dark) {
[fill="${INK.light}"] { fill: ${INK.dark} } [stroke="${RULE.light}"] { stroke: ${RULE.dark} }
}</style>`;
  return svg.replace(/(<svg[^>]*>)/u, `$1\n${style}`);
}

/** `12.3k` */
function brief(value: number): string {
  if (value >= 1e6) return `${digits(value / 1e6)}M`;
  if (value >= 1e3) return `${digits(value / 1e3)}k`;
  return digits(value);
}

function digits(value: number): string {
  return value.toFixed(value >= 100 || Number.isInteger(value) ? 0 : value >= 1 ? 1 : 2);
}
