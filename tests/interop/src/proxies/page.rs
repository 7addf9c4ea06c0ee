//! The configurations in `docs/client-certificates.md`, which readers copy.

use std::fs;

use anyhow::ensure;

/// The code blocks below the heading `### NAME`.
pub(super) fn blocks(name: &str) -> anyhow::Result<Vec<String>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/client-certificates.md"
    );
    let page = fs::read_to_string(path)?;
    let mut lines = page.lines();
    let heading = format!("### {name}");
    ensure!(
        lines.any(|line| line == heading),
        "{path} has no {heading:?}"
    );
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            blocks.push(block.map(|line| format!("{line}\n")).collect());
        } else if line.starts_with('#') {
            break;
        }
    }
    Ok(blocks)
}
