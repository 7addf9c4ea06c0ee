/// A language that has programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// A shell command with curl.
    Curl,
    /// C# with `HttpClient`.
    CSharp,
    /// Go with `net/http`.
    Go,
    /// Java 11 or later with `java.net.http.HttpClient`.
    Java,
    /// A page with jQuery's `$.ajax`.
    JQuery,
    /// Node.js 18 or later with `fetch`.
    Node,
    /// Objective-C with `NSURLSession`.
    ObjectiveC,
    /// PHP with its curl extension.
    Php,
    /// Python 3 with `urllib.request`.
    Python,
    /// Ruby 3 with `net/http`.
    Ruby,
    /// Swift 5.7 or later with `URLSession`.
    Swift,
    /// Rust with reqwest 0.13 and tokio.
    Rust,
}

impl Language {
    /// All languages, in alphabetical order with Rust last.
    pub const ALL: [Self; 12] = [
        Self::Curl,
        Self::CSharp,
        Self::Go,
        Self::Java,
        Self::JQuery,
        Self::Node,
        Self::ObjectiveC,
        Self::Php,
        Self::Python,
        Self::Ruby,
        Self::Swift,
        Self::Rust,
    ];

    /// Returns the language's name in lower case, for addresses and file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::CSharp => "csharp",
            Self::Go => "go",
            Self::Java => "java",
            Self::JQuery => "jquery",
            Self::Node => "node",
            Self::ObjectiveC => "objective-c",
            Self::Php => "php",
            Self::Python => "python",
            Self::Ruby => "ruby",
            Self::Swift => "swift",
            Self::Rust => "rust",
        }
    }

    /// Returns the language's name as readers know it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Curl => "cURL",
            Self::CSharp => "C#",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::JQuery => "jQuery",
            Self::Node => "Node.js",
            Self::ObjectiveC => "Objective-C",
            Self::Php => "PHP",
            Self::Python => "Python",
            Self::Ruby => "Ruby",
            Self::Swift => "Swift",
            Self::Rust => "Rust",
        }
    }
}
