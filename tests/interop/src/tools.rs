//! The programs that have to be there besides cargo, and the npm packages.

use std::process::{Command, Stdio};

/// A program, the oldest major and minor version that will do, and how to get it. `crypto.hash`,
/// which `oidc-provider` needs, came with Node.js 20.12.
const TOOLS: [(&str, (u32, u32), &str); 4] = [
    (
        "node",
        (20, 12),
        "https://nodejs.org/, or your system's package `nodejs`",
    ),
    (
        "npm",
        (9, 0),
        "it comes with Node.js, or is your system's package `npm`",
    ),
    (
        "python3",
        (3, 8),
        "https://www.python.org/downloads/, or your system's package `python3`",
    ),
    (
        "curl",
        (7, 0),
        "https://curl.se/download.html, or your system's package `curl`",
    ),
];

/// Says which tool is not there, or too old.
pub(crate) fn missing() -> Option<String> {
    TOOLS.into_iter().find_map(|(program, oldest, source)| {
        let mut command = Command::new(program);
        let output = command.arg("--version").stdin(Stdio::null()).output();
        let Ok(output) = output else {
            return Some(format!("{program} is not installed: {source}"));
        };
        // A version that cannot be read is not held against the tool.
        let found = version(&String::from_utf8_lossy(&output.stdout))?;
        let (major, minor) = oldest;
        (found < oldest).then(|| {
            format!(
                "{program} {}.{} is too old, {major}.{minor} or later is needed: {source}",
                found.0, found.1
            )
        })
    })
}

/// The first `MAJOR.MINOR` in what a program says about itself.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut words = said.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.find_map(|word| {
        let mut numbers = word.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::servers::scripts;

    #[test]
    fn versions() {
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert_eq!(version("11.19.1\n"), Some((11, 19)));
        assert_eq!(version("Python 3.11.7\n"), Some((3, 11)));
        assert_eq!(version("curl 7.88.1 (x86_64-pc-linux-gnu)"), Some((7, 88)));
        assert_eq!(version("none"), None);
    }

    /// Where the packages come from is the business of the machine that installs them.
    #[test]
    fn the_lock_file_names_no_download_address() {
        let lock = fs::read_to_string(scripts().join("package-lock.json"))
            .expect("the lock file is committed");
        assert!(lock.contains("\"integrity\""));
        assert!(!lock.contains("\"resolved\""));
    }
}
