use std::io::{self, Write as _};

use flate2::{Compression, write::GzEncoder};

/// Compresses `text` and `spaces` spaces after it with gzip (RFC 1952).
pub(crate) fn gzip_bomb(text: &[u8], spaces: usize) -> Vec<u8> {
    let write = || -> io::Result<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text)?;
        let block = [b' '; 64 * 1024];
        let mut left = spaces;
        while left > 0 {
            let length = left.min(block.len());
            encoder.write_all(&block[..length])?;
            left -= length;
        }
        encoder.finish()
    };
    write().expect("writing into a `Vec` does not fail")
}
