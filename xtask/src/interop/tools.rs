//! The programs that the comparisons need besides cargo.

use std::process::{Command, Stdio};

use super::InteropError;
use crate::process::find_program;

/// A program of somebody else's.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// How to get it.
    pub(crate) source: &'static str,
    program: &'static str,
    /// The oldest major and minor version that will do.
    oldest: (u32, u32),
}

impl Tool {
    /// The oldest version that will do.
    pub(crate) fn at_least(&self) -> String {
        let (major, minor) = self.oldest;
        format!("{major}.{minor}")
    }
}

/// `crypto.hash`, which `oidc-provider` needs, came with Node.js 20.12.
const TOOLS: [Tool; 4] = [
    Tool {
        name: "Node.js",
        source: "https://nodejs.org/, or your system's package `nodejs`",
        program: "node",
        oldest: (20, 12),
    },
    Tool {
        name: "npm",
        source: "it comes with Node.js from https://nodejs.org/, or is your system's package `npm`",
        program: "npm",
        oldest: (9, 0),
    },
    Tool {
        name: "Python",
        source: "https://www.python.org/downloads/, or your system's package `python3`",
        program: "python3",
        oldest: (3, 8),
    },
    Tool {
        name: "curl",
        source: "https://curl.se/download.html, or your system's package `curl`",
        program: "curl",
        oldest: (7, 0),
    },
];

/// Says which tool is not there, or too old.
pub(super) fn check() -> Result<(), InteropError> {
    for tool in &TOOLS {
        find_program(tool.program).ok_or(InteropError::Missing(tool))?;
        let output = Command::new(tool.program)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|source| InteropError::Unstartable {
                program: tool.program,
                source,
            })?;
        let found = String::from_utf8_lossy(&output.stdout);
        // A version that cannot be read is not held against the tool.
        if version(&found).is_some_and(|version| version < tool.oldest) {
            return Err(InteropError::TooOld {
                tool,
                found: found.lines().next().unwrap_or_default().to_owned(),
            });
        }
    }
    Ok(())
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
    use super::version;

    #[test]
    fn versions() {
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert_eq!(version("11.19.1\n"), Some((11, 19)));
        assert_eq!(version("Python 3.11.7\n"), Some((3, 11)));
        assert_eq!(version("curl 7.88.1 (x86_64-pc-linux-gnu)"), Some((7, 88)));
        assert_eq!(version("none"), None);
    }
}
