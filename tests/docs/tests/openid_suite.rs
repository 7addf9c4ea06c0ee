//! `docs/openid-suite.md` and the attack table agree.

use std::collections::{BTreeMap, BTreeSet};

use attacks::{Outcome, table};
use docs_tests::{code_spans, read, tests};

#[test]
fn every_step_has_a_test_with_its_outcome() {
    let rows: BTreeMap<_, _> = table::rows()
        .into_iter()
        .map(|row| (row.name, row.outcome))
        .collect();
    let tests: BTreeSet<_> = tests().into_iter().collect();
    let page = read("docs/openid-suite.md");
    let lines = page.lines().filter_map(|line| line.strip_prefix("| "));
    let mut steps = 0;
    for line in lines.filter(|line| !line.starts_with("step |") && !line.starts_with("module |")) {
        let cells: Vec<_> = line.split(" | ").collect();
        let [step, response, named] = cells[..] else {
            panic!("{line}: {} columns", cells.len());
        };
        let named: Vec<_> = code_spans(named).collect();
        assert!(!named.is_empty(), "{step}: no test");
        for name in named {
            match rows.get(name) {
                Some(outcome) => {
                    let accepted = *outcome == Outcome::Accepted;
                    let expected = if accepted { "200" } else { "refused" };
                    assert_eq!(response, expected, "{step}: {name}");
                }
                None => assert!(tests.contains(name), "{step}: there is no {name}"),
            }
        }
        steps += 1;
    }
    assert!(steps >= 37, "{steps} steps");
}
