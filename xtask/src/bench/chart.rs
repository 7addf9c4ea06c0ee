//! The chart: one validation of the same token by everybody, on a logarithmic scale.

use std::fmt::Write as _;

use super::{programs::Results, table::duration};

struct Bar {
    label: String,
    ns: f64,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// What nobody can do without.
    Bare,
    Ours,
    Theirs,
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 290.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 64.0;
const STEP: f64 = 26.0;
const HEIGHT: f64 = 16.0;

/// In both of a reader's colour schemes: text and lines follow the scheme, bars are readable on either.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.axis { font-size: 11px; fill: #59636e; }
line { stroke: #d1d9e0; }
.bare { fill: #8b949e; }
.ours { fill: #1f883d; }
.theirs { fill: #4b7fc4; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .axis { fill: #9198a1; }
  line { stroke: #3d444d; }
}
";

pub(super) fn draw(results: &Results) -> String {
    let mut bars = bars(results);
    bars.sort_by(|one, other| one.ns.total_cmp(&other.ns));
    let least = bars.first().map_or(10.0, |bar| bar.ns);
    let most = bars.last().map_or(100.0, |bar| bar.ns);
    let (from, to) = (least.log10().floor(), most.log10().ceil());
    let x = |ns: f64| LEFT + (ns.log10() - from) / (to - from) * (WIDTH - LEFT - RIGHT);

    let bottom = STEP.mul_add(bars.len() as f64, TOP);
    let height = bottom + 28.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"Time of one validation, by crate\">\n<style>\n{STYLE}</style>\n\
         <text class=\"title\" x=\"16\" y=\"26\">One validation of the same RS256 token (2048 bits)</text>\n\
         <text class=\"axis\" x=\"16\" y=\"44\">median time, logarithmic scale: shorter is faster</text>\n"
    );
    // Writing into a string does not fail.
    for power in from as i32..=to as i32 {
        let ns = 10f64.powi(power);
        let at = x(ns);
        let _ = writeln!(
            svg,
            "<line x1=\"{at:.1}\" y1=\"{:.1}\" x2=\"{at:.1}\" y2=\"{bottom:.1}\"/>\
             <text class=\"axis\" x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            TOP - 6.0,
            bottom + 16.0,
            tick(ns),
        );
    }
    for (position, bar) in bars.iter().enumerate() {
        let y = STEP.mul_add(position as f64, TOP);
        let middle = HEIGHT.mul_add(0.8, y);
        let end = x(bar.ns);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{middle:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{}\" x=\"{LEFT:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{HEIGHT}\" rx=\"2\"/>\
             <text x=\"{:.1}\" y=\"{middle:.1}\">{}</text>",
            LEFT - 10.0,
            bar.label,
            bar.kind.class(),
            end - LEFT,
            end + 6.0,
            duration(bar.ns),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// From the runs with the other crates; without them, from our own.
fn bars(results: &Results) -> Vec<Bar> {
    let measured = &results.measurements;
    let mut bars: Vec<Bar> = Vec::new();
    let own = ["check", "floor", "authz-cold", "authz-warm"];
    let first = measured.spread("peers/aws-lc-rs", "check");
    for (group, series) in measured.groups("peers/") {
        // The second build's figures as they would be in the first one's run, by what they share.
        let scale = match (first, measured.spread(group, "check")) {
            (Some(first), Some(here)) => first.median / here.median,
            _ => 1.0,
        };
        for case in series {
            let known = bars.iter().any(|bar| bar.label == label(&case.id));
            if let (false, Some(spread)) = (known, case.spread()) {
                let kind = match own.contains(&&*case.id) {
                    false => Kind::Theirs,
                    true if case.id.starts_with("authz") => Kind::Ours,
                    true => Kind::Bare,
                };
                bars.push(Bar {
                    label: label(&case.id),
                    ns: spread.median * scale,
                    kind,
                });
            }
        }
    }
    if bars.is_empty() {
        let case = |group: &str, case: &str, kind, shown: &str| {
            Some(Bar {
                label: label(shown),
                ns: measured.spread(group, case)?.median,
                kind,
            })
        };
        bars.extend(
            [
                case("cold/RS256", "check", Kind::Bare, "check"),
                case("cold/RS256", "floor", Kind::Bare, "floor"),
                case("cold/RS256", "authorize", Kind::Ours, "authz-cold"),
                case("warm/same", "authorize", Kind::Ours, "authz-warm"),
            ]
            .into_iter()
            .flatten(),
        );
    }
    bars
}

fn label(case: &str) -> String {
    match case {
        "check" => "signature check alone".to_owned(),
        "floor" => "decoding and reading alone".to_owned(),
        "authz-cold" => "authz, cold".to_owned(),
        "authz-warm" => "authz, warm".to_owned(),
        // `crate-name-1.2`, as it is called in the table.
        other => match other.rsplit_once('-') {
            Some((name, version)) => format!("{name} {version}"),
            None => other.to_owned(),
        },
    }
}

fn tick(ns: f64) -> String {
    match ns {
        ..1e3 => format!("{ns:.0} ns"),
        ..1e6 => format!("{:.0} \u{b5}s", ns / 1e3),
        _ => format!("{:.0} ms", ns / 1e6),
    }
}

impl Kind {
    const fn class(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Ours => "ours",
            Self::Theirs => "theirs",
        }
    }
}
