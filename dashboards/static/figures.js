// Figures: fetched when they come into sight, drawn by plotly in the colours of the page.
const OPTIONS = {
  responsive: true,
  displaylogo: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d"],
};
// The report's ink on the report's paper, and what a dark page has in their place.
const DARK = { "#1f2933": "#e6e9ed", "#e4e7eb": "#39434e", "#616e7c": "#a9b4bf", "#ffffff": "#1d232a" };
const dark = matchMedia("(prefers-color-scheme: dark)");
const fetched = new WeakMap(); // the text of each figure

function coloured(text) {
  if (!dark.matches) return text;
  return text.replace(/#[0-9a-f]{6}/gi, (color) => DARK[color.toLowerCase()] ?? lighter(color));
}

// A colour that was chosen on white and is too dark on a dark page is mixed with white.
function lighter(color) {
  const parts = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  const light = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  const mix = Math.max(0, Math.min(0.55, (120 - light) / 150));
  return "#" + parts.map((part) => Math.round(part + (255 - part) * mix).toString(16).padStart(2, "0")).join("");
}

// Two plots beside each other stand below each other where there is no room.
function stacked(layout) {
  const { xaxis, xaxis2, yaxis, yaxis2 } = layout;
  if (!xaxis2?.domain || !yaxis2 || !(xaxis?.domain?.[1] < 0.6)) return layout;
  return {
    ...layout,
    height: 1.7 * layout.height,
    xaxis: { ...xaxis, domain: [0, 1] },
    xaxis2: { ...xaxis2, domain: [0, 1] },
    yaxis: { ...yaxis, domain: [0.58, 1] },
    yaxis2: { ...yaxis2, domain: [0, 0.42] },
  };
}

async function show(figure) {
  try {
    const answer = await fetch(figure.dataset.figure);
    if (!answer.ok) throw new Error(answer.status);
    fetched.set(figure, await answer.text());
    await paint(figure);
  } catch {
    figure.textContent = "The figure cannot be had just now; its table is below.";
  }
}

async function paint(figure) {
  let { data, layout } = JSON.parse(coloured(fetched.get(figure)));
  if (innerWidth < 600) {
    layout = stacked(layout);
    layout.margin = { ...layout.margin, l: 48, r: 8 };
    layout.font = { ...layout.font, size: 11 };
  }
  if (!figure.dataset.drawn) figure.replaceChildren();
  await Plotly.react(figure, data, layout, OPTIONS);
  figure.dataset.drawn = "yes";
  figure.style.minHeight = "";
}

const sight = new IntersectionObserver(
  (entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      sight.unobserve(entry.target);
      show(entry.target);
    }
  },
  { rootMargin: "400px" },
);

export function draw(within) {
  within.querySelectorAll("figure[data-figure]").forEach((figure) => sight.observe(figure));
}

export function redraw(figure, tag) {
  if (figure.dataset.tag === tag) return;
  figure.dataset.tag = tag;
  if (figure.dataset.drawn) show(figure);
}

export function forget(figure) {
  sight.unobserve(figure);
  if (figure.dataset.drawn) Plotly.purge(figure);
}

dark.addEventListener("change", () => {
  document.querySelectorAll("figure[data-drawn]").forEach(paint);
});
