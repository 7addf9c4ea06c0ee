use std::fmt;

use super::Language;

/// How far the tests of this repository prove a language's programs, on a machine with every tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// No test reads the programs.
    Unproven,
    /// A parser of the language accepts the programs. Types and behaviour are unproven.
    Parsed,
    /// A compiler accepts the programs. They are not run as they are.
    Compiled,
    /// The programs are run against an API and an issuer.
    Run,
}

impl Language {
    /// Returns how far tests prove the language's programs.
    #[must_use]
    pub fn standing(self) -> Standing {
        match self {
            Self::ObjectiveC => Standing::Compiled,
            Self::Swift => Standing::Parsed,
            _ => Standing::Run,
        }
    }

    /// Returns the tools that prove the [`standing`](Self::standing), with the versions last used.
    #[must_use]
    pub fn proof(self) -> &'static str {
        match self {
            Self::Curl => "curl 7.88",
            Self::CSharp => "Mono 6.8",
            Self::Go => "Go 1.19",
            Self::Java => "OpenJDK 17",
            Self::JQuery => "jQuery 4.0 in jsdom 29, Node.js 20",
            Self::Node => "Node.js 20",
            Self::ObjectiveC => "clang 14, GNUstep 1.28",
            Self::Php => "PHP 8.2",
            Self::Python => "Python 3.11",
            Self::Ruby => "Ruby 3.1",
            Self::Swift => "tree-sitter-wasms 0.1",
            Self::Rust => "Rust 1.95, reqwest 0.13",
        }
    }

    /// Returns what the tests leave open, as sentences for readers.
    #[must_use]
    pub fn unproven(self) -> Option<&'static str> {
        match self {
            Self::CSharp => {
                Some("Run with Mono only. .NET is untested, because Debian 12 does not have it.")
            }
            Self::JQuery => Some(
                "Run in jsdom only, as a page of the server that it calls. Browsers and CORS are untested.",
            ),
            Self::ObjectiveC => Some(
                "Never run with Apple's Foundation. GNUstep in Debian 12 does not have `NSURLSession`, so the tests \
                 compile and run the programs with a stand-in for it.",
            ),
            Self::Swift => Some(
                "Never compiled or run. The tests check the syntax with a parser, because Debian 12 does not have a \
                 Swift compiler.",
            ),
            _ => None,
        }
    }
}

/// Writes the standing in lower case.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unproven => "unproven",
            Self::Parsed => "parsed",
            Self::Compiled => "compiled",
            Self::Run => "run",
        })
    }
}
