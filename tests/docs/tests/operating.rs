//! The dashboard and the alerts for operators.

use std::{collections::BTreeSet, io::ErrorKind, process::Command};

use docs_tests::{read, root};

#[test]
fn prometheus_accepts_the_alerts() {
    promtool(["check", "rules", "docs/operating/alerts.yml"]);
}

#[test]
fn each_alert_fires_when_it_should() {
    promtool(["test", "rules", "tests/docs/tests/alerts.test.yml"]);
}

fn promtool(arguments: [&str; 3]) {
    match Command::new("promtool")
        .args(arguments)
        .current_dir(root())
        .output()
    {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("promtool is not installed (Debian: apt install prometheus): not checked");
        }
        output => {
            let output = output.unwrap();
            assert!(output.status.success(), "{output:?}");
        }
    }
}

#[test]
fn each_alert_is_explained_and_no_other() {
    let alerts = read("docs/operating/alerts.yml");
    let alerts: BTreeSet<_> = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    let guide = read("docs/operating.md");
    let explained = guide
        .lines()
        .filter_map(|line| line.strip_prefix("**Authz")?.split_once(".**"));
    let explained: Vec<_> = explained.map(|(name, _)| format!("Authz{name}")).collect();
    assert_eq!(alerts, explained.iter().map(String::as_str).collect());
    assert_eq!(alerts.len(), 5);
}

#[test]
fn dashboard_and_alerts_use_metrics_that_exist() {
    let guide = read("docs/operating.md");
    let known: BTreeSet<_> = (guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `authz_")))
    .map(|row| format!("authz_{}", row.split('`').next().unwrap()))
    .collect();
    assert_eq!(known.len(), 15);
    let dashboard: serde_json::Value =
        serde_json::from_str(&read("docs/operating/grafana.json")).unwrap();
    let shown = names(&dashboard["panels"].to_string());
    assert_eq!(shown, known, "the dashboard shows all of them");
    let alerted = names(&read("docs/operating/alerts.yml"));
    assert!(
        !alerted.is_empty() && alerted.is_subset(&known),
        "{alerted:?}"
    );
}

/// Returns the names of metrics in `text`, without the suffix of a histogram's buckets.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
    let names = words.filter(|word| word.starts_with("authz_"));
    names
        .map(|name| name.trim_end_matches("_bucket").to_owned())
        .collect()
}
