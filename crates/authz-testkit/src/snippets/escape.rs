use std::fmt::Write as _;

use super::Language;

/// Appends `value` to `program` as `language` writes it between the quotes of a string literal.
///
/// Programs are ASCII, so that no compiler reads them in another encoding, except those for the shell,
/// which has no portable escapes.
pub(super) fn escape(language: Language, value: &str, program: &mut String) {
    for c in value.chars() {
        match (language, c) {
            (Language::Curl, '\'') => program.push_str(r"'\''"),
            (Language::Curl, c) => program.push(c),
            (_, '\n') => program.push_str(r"\n"),
            (_, '\r') => program.push_str(r"\r"),
            (_, '\t') => program.push_str(r"\t"),
            // The dollar sign and the hash sign insert variables.
            (_, '"' | '\\') | (Language::Php, '$') | (Language::Ruby, '#') => {
                program.extend(['\\', c]);
            }
            // `</script>` ends a script even within a string.
            (Language::JQuery, '<') => program.push_str(r"\u003c"),
            // Two question marks may begin a trigraph.
            (Language::ObjectiveC, '?') if program.ends_with('?') => program.push_str(r"\?"),
            (_, ' '..='~') => program.push(c),
            (language, c) => code_point(language, c, program),
        }
    }
}

fn code_point(language: Language, c: char, program: &mut String) {
    let code = u32::from(c);
    // Writing to a string cannot fail.
    let _ = match language {
        Language::Curl => write!(program, "{c}"),
        Language::Php | Language::Ruby | Language::Rust | Language::Swift => {
            write!(program, r"\u{{{code:x}}}")
        }
        Language::Go | Language::Python if code > 0xffff => write!(program, r"\U{code:08x}"),
        Language::Go | Language::Python => write!(program, r"\u{code:04x}"),
        Language::CSharp | Language::Java | Language::JQuery | Language::Node => c
            .encode_utf16(&mut [0; 2])
            .iter()
            .try_for_each(|unit| write!(program, r"\u{unit:04x}")),
        // C does not allow `\u` below U+00A0, and `\x` takes any number of digits.
        Language::ObjectiveC => c
            .encode_utf8(&mut [0; 4])
            .bytes()
            .try_for_each(|byte| write!(program, r"\{byte:03o}")),
    };
}
