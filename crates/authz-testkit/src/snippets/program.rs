use super::{Language, Values, escape::escape};

impl Language {
    /// Returns a program that gets a token by the client credentials grant.
    ///
    /// It uses all values but [`url`](Values::url) and [`token`](Values::token).
    #[must_use]
    pub fn token_request(self, values: &Values<'_>) -> String {
        render(self.templates().0, self, values)
    }

    /// Returns a program that calls [`url`](Values::url) with [`token`](Values::token).
    #[must_use]
    pub fn call(self, values: &Values<'_>) -> String {
        render(self.templates().1, self, values)
    }

    /// Returns the templates of the token request and the call.
    fn templates(self) -> (&'static str, &'static str) {
        macro_rules! pair {
            ($folder:literal, $extension:literal) => {
                (
                    include_str!(concat!("templates/", $folder, "/token.", $extension)),
                    include_str!(concat!("templates/", $folder, "/call.", $extension)),
                )
            };
        }
        match self {
            Self::Curl => pair!("curl", "sh"),
            Self::CSharp => pair!("csharp", "cs"),
            Self::Go => pair!("go", "go"),
            Self::Java => pair!("java", "java"),
            Self::JQuery => pair!("jquery", "html"),
            Self::Node => pair!("node", "mjs"),
            Self::ObjectiveC => pair!("objective-c", "m"),
            Self::Php => pair!("php", "php"),
            Self::Python => pair!("python", "py"),
            Self::Ruby => pair!("ruby", "rb"),
            Self::Swift => pair!("swift", "swift"),
            Self::Rust => pair!("rust", "rs"),
        }
    }
}

/// Replaces each `{{name}}` in `template` by the value of that name, as `language` writes it within a
/// string literal. The template has the quotes. Lines for an empty audience or scope are left out.
///
/// Each value is inserted once, so a value that looks like a placeholder stays as it is.
fn render(template: &str, language: Language, values: &Values<'_>) -> String {
    let mut program = String::with_capacity(template.len());
    for line in template.split_inclusive('\n') {
        let left_out = |name, value: &str| value.is_empty() && line.contains(name);
        if left_out("{{audience}}", values.audience) || left_out("{{scope}}", values.scope) {
            continue;
        }
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").unwrap_or((after, ""));
            program.push_str(before);
            escape(
                language,
                values.named(name).unwrap_or_default(),
                &mut program,
            );
            rest = after;
        }
        program.push_str(rest);
    }
    program
}
