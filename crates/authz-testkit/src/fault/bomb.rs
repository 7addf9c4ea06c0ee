/// `text` and `spaces` spaces after it as gzip (RFC 1952), about 160 times smaller than it is.
///
/// Written by hand, since a compressor would be this crate's only other use of one: `text` is a
/// stored block, the spaces are one literal and then "the last byte again, 258 times" over and over
/// in the fixed Huffman code (RFC 1951 section 3.2.6).
pub(crate) fn gzip_bomb(text: &[u8], spaces: usize) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    for block in text.chunks(usize::from(u16::MAX)) {
        let length = u16::try_from(block.len()).expect("chunks are that short");
        out.push(0);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }

    let repeats = spaces / REPEAT;
    let mut bits = Bits::default();
    bits.push(&[1, 1, 0]); // the last block, fixed codes
    for _ in 0..spaces - repeats * REPEAT {
        bits.push(&[0, 1, 0, 1, 0, 0, 0, 0]); // the literal 0x20: 0x30 + 0x20
    }
    for _ in 0..repeats {
        bits.push(&[1, 1, 0, 0, 0, 1, 0, 1]); // code 285: length 258
        bits.push(&[0, 0, 0, 0, 0]); // code 0: distance 1
    }
    bits.push(&[0; 7]); // end of block
    out.extend(bits.into_bytes());

    let length = u32::try_from(text.len() + spaces).expect("a bomb is shorter than 4 GiB");
    out.extend(crc32(text, spaces).to_le_bytes());
    out.extend(length.to_le_bytes());
    out
}

/// The longest match that deflate can name.
const REPEAT: usize = 258;

/// Bits that go into bytes from the least significant end.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn push(&mut self, bits: &[u8]) {
        for bit in bits {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (self.used % 8);
            }
            self.used += 1;
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

fn crc32(text: &[u8], spaces: usize) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |value, _| {
            (value >> 1) ^ if value & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    });
    let padding = std::iter::repeat_n(&b' ', spaces);
    !text.iter().chain(padding).fold(u32::MAX, |crc, byte| {
        (crc >> 8) ^ table[((crc as u8) ^ byte) as usize]
    })
}
