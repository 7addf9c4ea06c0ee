//! A reader of challenges by the grammar of RFC 9110 section 11.6.1, written from the standard and
//! not from our writer. Included by the fuzz targets' crate as well.
#![allow(unreachable_pub)]

/// The scheme and the parameters of a field that holds one challenge; `None` where it is not one.
pub fn parse(field: &str) -> Option<(String, Vec<(String, String)>)> {
    if !field
        .bytes()
        .all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
    {
        return None;
    }
    let mut rest = Rest(field.as_bytes());
    let scheme = rest.token()?;
    let mut parameters = Vec::new();
    if rest.0.is_empty() {
        return Some((scheme, parameters));
    }
    rest.byte(b' ')?;
    loop {
        rest.spaces();
        let name = rest.token()?;
        rest.spaces();
        rest.byte(b'=')?;
        rest.spaces();
        let value = match rest.0.first() {
            Some(b'"') => rest.quoted()?,
            _ => rest.token()?,
        };
        parameters.push((name, value));
        rest.spaces();
        if rest.0.is_empty() {
            return Some((scheme, parameters));
        }
        rest.byte(b',')?;
    }
}

/// What of `value` a quoted string can hold: visible ASCII and the space.
pub fn kept(value: &str) -> String {
    let fits = |character: &char| matches!(character, ' '..='~');
    value.chars().filter(fits).collect()
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn byte(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    fn spaces(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    /// `1*tchar` (RFC 9110 section 5.6.2).
    fn token(&mut self) -> Option<String> {
        let is_tchar =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        let len = self.0.iter().take_while(|byte| is_tchar(byte)).count();
        let (token, rest) = self.0.split_at(len);
        self.0 = rest;
        (len > 0).then(|| String::from_utf8_lossy(token).into_owned())
    }

    /// `quoted-string` (RFC 9110 section 5.6.4).
    fn quoted(&mut self) -> Option<String> {
        self.byte(b'"')?;
        let mut value = String::new();
        loop {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            match first {
                b'"' => return Some(value),
                b'\\' => {
                    let (escaped, rest) = self.0.split_first()?;
                    self.0 = rest;
                    value.push(char::from(*escaped));
                }
                other => value.push(char::from(*other)),
            }
        }
    }
}
