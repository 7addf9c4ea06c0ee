use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use super::{
    algorithm::{Algorithm, KeyFamily},
    error::{KeyError, KeyErrorKind},
};

/// The values of a key, checked for weakness but not yet parsed by a backend.
pub(crate) enum KeyMaterial {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// `point` is uncompressed: `04 || X || Y`. A JWK always has both coordinates.
    Ec {
        family: KeyFamily,
        point: Vec<u8>,
    },
    Ed25519([u8; 32]),
    MlDsa {
        family: KeyFamily,
        public: Box<[u8]>,
    },
    Secret(Secret),
}

/// A shared secret, which `Debug` does not print.
pub(crate) struct Secret(Box<[u8]>);

impl KeyMaterial {
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        let bits = bit_len(n);
        if !(2048..=8192).contains(&bits) {
            let message = format!(
                "the RSA key has {bits} bits: use 2048 to 8192 bits (RFC 7518 section 3.3)"
            );
            return Err(KeyError::new(KeyErrorKind::Weak, message));
        }
        if n.last().is_none_or(|last| last % 2 == 0) {
            return Err(KeyError::new(KeyErrorKind::Weak, "the RSA modulus is even"));
        }
        let odd = e.last().is_some_and(|last| last % 2 == 1);
        if !odd || e == [1] || bit_len(e) > 33 {
            return Err(KeyError::new(
                KeyErrorKind::Weak,
                "the RSA exponent is not an odd number from 3 to 2^33 - 1",
            ));
        }
        Ok(Self::Rsa {
            n: n.to_vec(),
            e: e.to_vec(),
        })
    }

    /// Pads short coordinates, because some issuers drop leading zeros.
    pub(crate) fn ec(family: KeyFamily, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let size = match family {
            KeyFamily::P256 => 32,
            KeyFamily::P384 => 48,
            KeyFamily::P521 => 66,
            _ => return Err(KeyError::unparsable()),
        };
        let mut point = Vec::with_capacity(1 + 2 * size);
        point.push(4);
        for (member, coordinate) in [("x", x), ("y", y)] {
            if coordinate.is_empty() || coordinate.len() > size {
                return Err(wrong_length(member, size, coordinate));
            }
            point.resize(point.len() + size - coordinate.len(), 0);
            point.extend_from_slice(coordinate);
        }
        Ok(Self::Ec { family, point })
    }

    pub(crate) fn ed25519(x: &[u8]) -> Result<Self, KeyError> {
        let point: [u8; 32] = x.try_into().map_err(|_| wrong_length("x", 32, x))?;
        if is_small_order(point) {
            return Err(KeyError::new(
                KeyErrorKind::Weak,
                "the Ed25519 key is a point of small order",
            ));
        }
        Ok(Self::Ed25519(point))
    }

    /// Any bytes of the right length are a key (FIPS 204 algorithm 23). `algorithm` decides the length.
    pub(crate) fn ml_dsa(algorithm: Algorithm, public: &[u8]) -> Result<Self, KeyError> {
        let family = algorithm.family();
        let size = match family {
            KeyFamily::MlDsa44 => 1312,
            KeyFamily::MlDsa65 => 1952,
            KeyFamily::MlDsa87 => 2592,
            _ => return Err(KeyError::wrong_algorithm(algorithm)),
        };
        if public.len() != size {
            return Err(wrong_length("pub", size, public));
        }
        let public = public.into();
        Ok(Self::MlDsa { family, public })
    }

    pub(crate) fn secret(secret: impl Into<Vec<u8>>) -> Self {
        Self::Secret(Secret(secret.into().into_boxed_slice()))
    }

    pub(crate) const fn family(&self) -> KeyFamily {
        match self {
            Self::Rsa { .. } => KeyFamily::Rsa,
            Self::Ec { family, .. } | Self::MlDsa { family, .. } => *family,
            Self::Ed25519(_) => KeyFamily::Ed25519,
            Self::Secret(_) => KeyFamily::Hmac,
        }
    }

    /// Returns the length of the key's signatures in bytes, or 0 if it depends on the algorithm
    /// (HMAC).
    pub(crate) fn signature_len(&self) -> usize {
        match self {
            Self::Rsa { n, .. } => n.len(),
            Self::Ec { point, .. } => point.len() - 1,
            Self::Ed25519(_) => 64,
            Self::MlDsa { family, .. } => match family {
                KeyFamily::MlDsa44 => 2420,
                KeyFamily::MlDsa65 => 3309,
                _ => 4627,
            },
            Self::Secret(_) => 0,
        }
    }

    /// Returns `false` for a signature that is rejected whatever the message is.
    ///
    /// ed25519-dalek rejects an Ed25519 signature whose `R` has small order, and AWS-LC does not.
    /// Which tokens are valid must not depend on the backend.
    pub(super) fn can_have_signed(&self, signature: &[u8]) -> bool {
        match (self, signature.first_chunk()) {
            (Self::Ed25519(_), Some(r)) => !is_small_order(*r),
            _ => true,
        }
    }

    /// Returns the JWK's required members in lexicographic order (RFC 7638 section 3.2, RFC 8037 section 2,
    /// RFC 9964 section 6).
    pub(super) fn required_members(&self) -> String {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(e), text(n)),
            Self::Ec { family, point } => {
                let curve = match family {
                    KeyFamily::P384 => "P-384",
                    KeyFamily::P521 => "P-521",
                    _ => "P-256",
                };
                let (x, y) = point.split_at(point.len().div_ceil(2));
                let x = text(x.get(1..).unwrap_or_default());
                format!(
                    r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{}"}}"#,
                    text(y)
                )
            }
            Self::Ed25519(point) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text(point))
            }
            Self::MlDsa { family, public } => {
                let algorithm = match family {
                    KeyFamily::MlDsa44 => Algorithm::MLDSA44,
                    KeyFamily::MlDsa65 => Algorithm::MLDSA65,
                    _ => Algorithm::MLDSA87,
                };
                format!(
                    r#"{{"alg":"{algorithm}","kty":"AKP","pub":"{}"}}"#,
                    text(public)
                )
            }
            Self::Secret(secret) => format!(r#"{{"k":"{}","kty":"oct"}}"#, text(&secret.0)),
        }
    }

    pub(super) fn strong_enough_for(&self, algorithm: Algorithm) -> Result<(), KeyError> {
        let Self::Secret(secret) = self else {
            return Ok(());
        };
        let needed = match algorithm {
            Algorithm::HS384 => 48,
            Algorithm::HS512 => 64,
            _ => 32,
        };
        if secret.0.len() < needed {
            let actual = secret.0.len();
            let message = format!(
                "the shared secret has {actual} bytes: {algorithm} requires at least {needed} (RFC 7518 section 3.2)"
            );
            return Err(KeyError::new(KeyErrorKind::Weak, message));
        }
        Ok(())
    }

    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rsa { n, e }, Self::Rsa { n: n2, e: e2 }) => n == n2 && e == e2,
            (
                Self::Ec { family, point },
                Self::Ec {
                    family: f2,
                    point: p2,
                },
            ) => family == f2 && point == p2,
            (Self::Ed25519(point), Self::Ed25519(other)) => point == other,
            (
                Self::MlDsa { family, public },
                Self::MlDsa {
                    family: f2,
                    public: p2,
                },
            ) => family == f2 && public == p2,
            (Self::Secret(secret), Self::Secret(other)) => secret.0.ct_eq(&other.0).into(),
            _ => false,
        }
    }
}

impl Secret {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

fn wrong_length(member: &str, expected: usize, coordinate: &[u8]) -> KeyError {
    let actual = coordinate.len();
    let message = format!("member {member:?} has {actual} bytes, not {expected}");
    KeyError::new(KeyErrorKind::Invalid, message)
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn bit_len(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// Returns `true` if `point` encodes one of the eight points of small order, canonically or not.
/// The sign bit is ignored, because the list contains both points of each pair.
fn is_small_order(mut point: [u8; 32]) -> bool {
    point[31] &= 0x7f;
    SMALL_ORDER_Y.contains(&point)
}

/// The y coordinates of the points of order 1, 2, 4 and 8, and their non-canonical encodings `y +
/// p` that fit into 255 bits.
const SMALL_ORDER_Y: [[u8; 32]; 7] = [
    little_endian(0, 0, 0),
    little_endian(1, 0, 0),
    little_endian(0xec, 0xff, 0x7f),
    little_endian(0xed, 0xff, 0x7f),
    little_endian(0xee, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn little_endian(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut number = [middle; 32];
    number[0] = first;
    number[31] = last;
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_weak_rsa_numbers() {
        let modulus = |bytes: usize, last: u8| {
            let mut n = vec![0xff; bytes];
            n[bytes - 1] = last;
            n
        };
        let e = [1, 0, 1];
        assert!(KeyMaterial::rsa(&modulus(256, 1), &e).is_ok());
        assert!(KeyMaterial::rsa(&[&[0, 0], &modulus(256, 1)[..]].concat(), &e).is_ok());
        for (n, e, error) in [
            (modulus(128, 1), &e[..], "1024 bits"),
            (modulus(255, 1), &e, "2040 bits"),
            (modulus(3000, 1), &e, "24000 bits"),
            (vec![], &e, "has 0 bits"),
            (modulus(256, 2), &e, "modulus is even"),
            (modulus(256, 1), &[1], "exponent"),
            (modulus(256, 1), &[0, 1], "exponent"),
            (modulus(256, 1), &[1, 0, 0], "exponent"),
            (modulus(256, 1), &[], "exponent"),
            (modulus(256, 1), &[1, 0, 0, 0, 0, 0, 0, 1], "exponent"),
        ] {
            let refused = KeyMaterial::rsa(&n, e).err().unwrap();
            assert_eq!(refused.kind(), KeyErrorKind::Weak);
            assert!(refused.to_string().contains(error), "{refused}");
        }
    }

    /// A key that an issuer replaces under its old `kid` must not pass for the old one.
    #[test]
    fn keys_are_the_same_only_with_every_value() {
        let rsa = |high, e| KeyMaterial::rsa(&[&[high], &[1; 255][..]].concat(), &[e]);
        let ec = |family, last| KeyMaterial::ec(family, &[1; 32], &[last; 32]);
        let ml_dsa = |algorithm, len, byte| KeyMaterial::ml_dsa(algorithm, &vec![byte; len]);
        let keys = [
            rsa(0x80, 3),
            rsa(0x81, 3),
            rsa(0x80, 5),
            ec(KeyFamily::P256, 1),
            ec(KeyFamily::P256, 2),
            KeyMaterial::ed25519(&[2; 32]),
            KeyMaterial::ed25519(&[3; 32]),
            ml_dsa(Algorithm::MLDSA44, 1312, 1),
            ml_dsa(Algorithm::MLDSA44, 1312, 2),
            ml_dsa(Algorithm::MLDSA65, 1952, 1),
            ml_dsa(Algorithm::MLDSA87, 2592, 1),
            Ok(KeyMaterial::secret([1; 32])),
            Ok(KeyMaterial::secret([2; 32])),
        ];
        let keys = keys.map(|it| it.ok().unwrap());
        for (i, one) in keys.iter().enumerate() {
            for (j, other) in keys.iter().enumerate() {
                assert_eq!(one.is_same_as(other), i == j, "{i}, {j}");
                let equal = one.required_members() == other.required_members();
                assert_eq!(equal, i == j, "{i}, {j}");
            }
        }
        for (algorithm, len) in [
            (Algorithm::MLDSA44, 1952),
            (Algorithm::MLDSA65, 1951),
            (Algorithm::MLDSA65, 1953),
            (Algorithm::ES256, 1312),
        ] {
            assert!(ml_dsa(algorithm, len, 1).is_err(), "{algorithm}, {len}");
        }
    }

    #[test]
    fn knows_every_point_of_small_order() {
        for y in SMALL_ORDER_Y {
            for sign in [0, 0x80] {
                let mut point = y;
                point[31] |= sign;
                let refused = KeyMaterial::ed25519(&point).err().unwrap();
                assert_eq!(refused.kind(), KeyErrorKind::Weak);
            }
        }
    }

    #[cfg(feature = "rust-crypto")]
    #[test]
    fn agrees_with_the_curve_about_small_order() {
        let weak = SMALL_ORDER_Y
            .iter()
            .filter_map(|y| ed25519_dalek::VerifyingKey::from_bytes(y).ok())
            .filter(ed25519_dalek::VerifyingKey::is_weak)
            .count();
        assert_eq!(weak, SMALL_ORDER_Y.len());
    }
}
