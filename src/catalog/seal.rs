//! Positions of the feed as texts that tell nothing: neither where they are, nor how much lies between two.
//!
//! A position is encrypted with a tag of itself (the construction of RFC 5297, with HMAC-SHA-256 in both places), so that the same
//! position is the same text, another one tells nothing of it, and none can be made up. Who sees other datasets gets other texts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::sight::Sight;
/// Seals positions for who sees so much.
#[derive(Clone)]
pub struct Seal {
    secret: [u8; 32],
    sight: Sight,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seal({:?})", self.sight)
    }
}

impl Seal {
    /// With this secret, for who sees so much.
    pub const fn new(secret: [u8; 32], sight: Sight) -> Self {
        Self { secret, sight }
    }

    /// The text of a position.
    pub fn seal(&self, position: i64) -> String {
        let bytes = position.to_be_bytes();
        let tag = self.mac(b'T', bytes);
        URL_SAFE_NO_PAD.encode([tag, mixed(bytes, self.mac(b'S', tag))].concat())
    }

    /// The position of a text that was made for who sees so much; `None` for any other text.
    pub fn open(&self, text: &str) -> Option<i64> {
        let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (tag, sealed) = (*bytes.first_chunk::<8>()?, *bytes.last_chunk::<8>()?);
        let position = mixed(sealed, self.mac(b'S', tag));
        (self.mac(b'T', position) == tag).then(|| i64::from_be_bytes(position))
    }

    fn mac(&self, of: u8, bytes: [u8; 8]) -> [u8; 8] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key of any length will do");
        mac.update(&[of]);
        for dataset in self.sight.seen().unwrap_or_default() {
            mac.update(dataset.as_bytes());
            mac.update(&[0]);
        }
        mac.update(&[u8::from(self.sight == Sight::All)]);
        mac.update(&bytes);
        let whole = mac.finalize().into_bytes();
        *whole.first_chunk().expect("a hash is longer")
    }
}

fn mixed(a: [u8; 8], b: [u8; 8]) -> [u8; 8] {
    std::array::from_fn(|at| a[at] ^ b[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_by_who_it_was_made_for_and_by_nobody_else() {
        let public = Seal::new([7; 32], Sight::Public);
        let own = Seal::new([7; 32], Sight::of(Some(&["own".to_owned()])));
        let other = Seal::new([8; 32], Sight::Public);
        for position in [0, 1, 341, i64::MAX] {
            let text = public.seal(position);
            assert_eq!(text.len(), 22);
            assert_eq!(public.open(&text), Some(position));
            assert_eq!((own.open(&text), other.open(&text)), (None, None));
            assert_eq!(own.open(&own.seal(position)), Some(position));
        }
        assert_eq!(Seal::new([7; 32], Sight::All).open(&public.seal(1)), None);
        for wrong in ["", "Y2hhbmdlOjM0MQ", "AAAAAAAAAAAAAAAAAAAAAA", "yesterday"] {
            assert_eq!(public.open(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn neighbours_look_nothing_alike() {
        let seal = Seal::new([7; 32], Sight::Public);
        let texts: std::collections::HashSet<String> =
            (0..1000).map(|position| seal.seal(position)[..4].to_owned()).collect();
        assert!(texts.len() > 990);
    }
}
