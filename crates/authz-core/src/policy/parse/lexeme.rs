//! The words, signs, strings and numbers of a policy's text. Each includes the white space after it.

use winnow::{
    Parser,
    ascii::multispace0,
    combinator::{alt, delimited, opt, preceded, terminated},
    stream::{LocatingSlice, Location, Stream},
    token::{any, take_till, take_while},
};

use super::error::Fail;

pub(super) type Input<'i> = LocatingSlice<&'i str>;
pub(super) type Parsed<T> = Result<T, Fail>;

pub(super) fn space(input: &mut Input<'_>) -> Parsed<()> {
    multispace0.void().parse_next(input)
}

/// The position of the next character, in bytes.
pub(super) fn here(input: &Input<'_>) -> usize {
    input.current_token_start()
}

/// Returns the word at this position, without consuming it. It may be empty.
pub(super) fn peek_word<'i>(input: &Input<'i>) -> &'i str {
    let rest = *input.as_ref();
    let end = rest.find(|it: char| !is_word(it)).unwrap_or(rest.len());
    &rest[..end]
}

/// Consumes a word of letters, digits and underscores. It may be empty.
pub(super) fn word<'i>(input: &mut Input<'i>) -> Parsed<&'i str> {
    terminated(take_while(0.., is_word), multispace0).parse_next(input)
}

/// Consumes `sign` if it is next, and returns whether it was.
pub(super) fn skip(input: &mut Input<'_>, sign: &'static str) -> Parsed<bool> {
    let found = opt(terminated(sign, multispace0)).parse_next(input)?;
    Ok(found.is_some())
}

pub(super) fn expect(input: &mut Input<'_>, sign: &'static str) -> Parsed<()> {
    let at = here(input);
    if skip(input, sign)? {
        Ok(())
    } else {
        Err(Fail::new(at, format_args!("`{sign}` is expected")))
    }
}

/// A string in double quotes, with the escapes of Rust: `\"`, `\\`, `\n`, `\r`, `\t`, `\0`, `\'`, `\u{1f600}`.
pub(super) fn text(input: &mut Input<'_>) -> Parsed<String> {
    let begin = here(input);
    if !input.starts_with('"') {
        return Err(Fail::new(begin, "a text in double quotes is expected"));
    }
    let _ = input.next_token();
    let mut text = String::new();
    loop {
        let plain: &str = take_till(0.., ['"', '\\']).parse_next(input)?;
        text.push_str(plain);
        let at = here(input);
        match input.next_token() {
            Some('"') => break,
            Some(_) => text.push(escaped(input, at)?),
            None => return Err(Fail::new(begin, "the text is not closed: `\"` is missing")),
        }
    }
    space(input)?;
    Ok(text)
}

/// The character that is escaped after a backslash.
fn escaped(input: &mut Input<'_>, at: usize) -> Parsed<char> {
    let hex = take_while(1..=6, |it: char| it.is_ascii_hexdigit());
    let unicode = preceded('u', delimited('{', hex, '}'))
        .verify_map(|hex: &str| u32::from_str_radix(hex, 16).ok().and_then(char::from_u32));
    let simple = any.verify_map(|it: char| match it {
        '"' | '\\' | '\'' => Some(it),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        '0' => Some('\0'),
        _ => None,
    });
    let unknown = "there is no such escape: write \\\" \\\\ \\n \\r \\t \\0 \\' or \\u{...}";
    alt((simple, unicode))
        .parse_next(input)
        .map_err(|_: Fail| Fail::new(at, unknown))
}

/// An integer, or `None` if the next character does not start one.
pub(super) fn number(input: &mut Input<'_>) -> Parsed<Option<i64>> {
    let at = here(input);
    let digits = || take_while(1.., |it: char| it.is_ascii_digit());
    let number = (opt('-'), digits()).take();
    let Some(text): Option<&str> = opt(number).parse_next(input)? else {
        return Ok(None);
    };
    if input.starts_with('.') {
        return Err(Fail::new(at, "a whole number is expected"));
    }
    space(input)?;
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(Fail::new(at, "the number is too large")),
    }
}

/// A number with or without a fraction, or `None` if the next character does not start one.
pub(super) fn decimal<'i>(input: &mut Input<'i>) -> Parsed<Option<&'i str>> {
    let digits = || take_while(1.., |it: char| it.is_ascii_digit());
    let number = (opt('-'), digits(), opt(('.', digits()))).take();
    opt(terminated(number, multispace0)).parse_next(input)
}

/// One or more items of `one`, separated by commas, and the sign `end`.
pub(super) fn list<T>(
    input: &mut Input<'_>,
    end: &'static str,
    mut one: impl FnMut(&mut Input<'_>) -> Parsed<T>,
) -> Parsed<Vec<T>> {
    let mut all = vec![one(input)?];
    while skip(input, ",")? {
        all.push(one(input)?);
    }
    let at = here(input);
    if skip(input, end)? {
        Ok(all)
    } else {
        Err(Fail::new(at, format_args!("`,` or `{end}` is expected")))
    }
}

fn is_word(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '_'
}
