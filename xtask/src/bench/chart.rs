//! The chart: one validation of the same token by everybody, on a logarithmic scale.

use super::{results::Results, table::duration};

/// In both of a reader's colour schemes: text and lines follow the scheme, bars are readable on either.
const HEAD: &str = r##"<style>
svg { color-scheme: light dark; }
text { font: 13px system-ui, sans-serif; fill: CanvasText; }
.title { font-size: 15px; font-weight: 600; }
.axis { font-size: 11px; fill: GrayText; }
.left { text-anchor: end; }
.middle { text-anchor: middle; }
line { stroke: GrayText; stroke-opacity: 0.4; }
.bare { fill: #8b949e; }
.ours { fill: #1f883d; }
.theirs { fill: #4b7fc4; }
</style>
<text class="title" x="16" y="26">One validation of the same RS256 token (2048 bits)</text>
<text class="axis" x="16" y="44">median time, logarithmic scale: shorter is faster</text>
"##;

/// Where the bars begin, how long they are at most, and how far apart.
const LEFT: f64 = 290.0;
const LENGTH: f64 = 380.0;
const TOP: f64 = 64.0;
const STEP: f64 = 26.0;

struct Bar {
    label: String,
    ns: f64,
    class: &'static str,
}

pub(super) fn draw(results: &Results) -> String {
    let mut bars = beside_others(results);
    if bars.is_empty() {
        bars = alone(results);
    }
    bars.sort_by(|one, other| one.ns.total_cmp(&other.ns));
    let power = |bar: Option<&Bar>| bar.map_or(1.0, |bar| bar.ns.log10());
    let (from, to) = (power(bars.first()).floor(), power(bars.last()).ceil());
    let x = |ns: f64| LENGTH.mul_add((ns.log10() - from) / (to - from), LEFT);
    let bottom = STEP.mul_add(bars.len() as f64, TOP);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 {}\" role=\"img\" \
         aria-label=\"Time of one validation, by crate\">\n{HEAD}",
        bottom + 28.0
    );
    for power in from as i32..=to as i32 {
        let ns = 10f64.powi(power);
        let (at, top, under) = (x(ns), TOP - 6.0, bottom + 16.0);
        let tick = match ns {
            ..1e3 => format!("{ns:.0} ns"),
            ..1e6 => format!("{:.0} \u{b5}s", ns / 1e3),
            _ => format!("{:.0} ms", ns / 1e6),
        };
        svg += &format!(
            "<line x1=\"{at:.1}\" y1=\"{top}\" x2=\"{at:.1}\" y2=\"{bottom}\"/>\
             <text class=\"axis middle\" x=\"{at:.1}\" y=\"{under}\">{tick}</text>\n"
        );
    }
    for (position, Bar { label, ns, class }) in bars.iter().enumerate() {
        let y = STEP.mul_add(position as f64, TOP);
        let (before, end, base) = (LEFT - 10.0, x(*ns), y + 12.8);
        let (width, behind, time) = (end - LEFT, end + 6.0, duration(*ns));
        svg += &format!(
            "<text class=\"left\" x=\"{before}\" y=\"{base:.1}\">{label}</text>\
             <rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"16\" rx=\"2\"/>\
             <text x=\"{behind:.1}\" y=\"{base:.1}\">{time}</text>\n"
        );
    }
    svg + "</svg>\n"
}

/// What is our own or nobody's: what it is called by the measuring programs, its label and its class.
const KNOWN: [(&str, &str, &str); 4] = [
    ("check", "signature check alone", "bare"),
    ("floor", "decoding and reading alone", "bare"),
    ("authz-cold", "authz, cold", "ours"),
    ("authz-warm", "authz, warm", "ours"),
];

/// The bars of the runs with the other crates.
fn beside_others(results: &Results) -> Vec<Bar> {
    let measured = &results.measurements;
    let first = measured.spread("peers/aws-lc-rs", "check");
    let mut bars: Vec<Bar> = Vec::new();
    for (group, series) in measured.groups("peers/") {
        // The second build's figures as they would be in the first one's run, by what they share.
        let scale = match (first, measured.spread(group, "check")) {
            (Some(first), Some(here)) => first.median / here.median,
            _ => 1.0,
        };
        for case in series {
            let known = KNOWN.iter().find(|(id, ..)| *id == case.id);
            let (label, class) = match (known, case.id.rsplit_once('-')) {
                (Some((_, label, class)), _) => ((*label).to_owned(), *class),
                // `crate-name-1.2`, as it is called in the table.
                (None, Some((name, version))) => (format!("{name} {version}"), "theirs"),
                (None, None) => (case.id.clone(), "theirs"),
            };
            let drawn = bars.iter().any(|bar| bar.label == label);
            if let (false, Some(spread)) = (drawn, case.spread()) {
                let ns = spread.median * scale;
                bars.push(Bar { label, ns, class });
            }
        }
    }
    bars
}

/// Those of a run without the others.
fn alone(results: &Results) -> Vec<Bar> {
    let cases = [
        ("cold/RS256", "check"),
        ("cold/RS256", "floor"),
        ("cold/RS256", "authorize"),
        ("warm/same", "authorize"),
    ];
    let bar = |((group, case), (_, label, class)): (_, (_, &str, _))| {
        let ns = results.measurements.spread(group, case)?.median;
        let label = label.to_owned();
        Some(Bar { label, ns, class })
    };
    cases.into_iter().zip(KNOWN).filter_map(bar).collect()
}
