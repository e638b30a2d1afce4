//! Hashing passwords, with argon2id.
//!
//! The kernel does none of this: it asks for it ([`Effect::Hash`](crate::Effect),
//! [`Effect::Verify`](crate::Effect)), and the server does it on a thread that may take its time,
//! because it is made to take long.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use thiserror::Error;

/// How hard hashing is made. The defaults are those that OWASP names for argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
        }
    }
}

/// Why a password cannot be hashed: the cost is one that argon2 does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cost of hashing passwords is out of range")]
pub struct CostError;

/// Hashes a password. The salt must be random, and another for each password. The text that comes
/// out holds all that [`verify`] needs, cost and salt too.
pub fn hash(password: &str, salt: [u8; 16], cost: Cost) -> Result<Arc<str>, CostError> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|_| CostError)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|_| CostError)?;
    Ok(hash.to_string().into())
}

/// Whether a password is the one that was hashed. Takes as long as the hashing did. A text that is
/// no hash fits no password.
pub fn verify(password: &str, hash: &str) -> bool {
    Argon2::default()
        .verify_password(password.as_bytes(), hash)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory_kib: 8,
        passes: 1,
    };

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let hash = hash("open sesame", [7; 16], CHEAP).expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(verify("open sesame", &hash));
        assert!(!verify("open Sesame", &hash));
        assert!(!verify("", &hash));
        assert!(!verify("open sesame", "open sesame"));
        assert!(!verify("", ""));
    }

    #[test]
    fn another_salt_is_another_hash() {
        let one = hash("x", [1; 16], CHEAP).expect("a hash");
        let other = hash("x", [2; 16], CHEAP).expect("a hash");
        assert_ne!(one, other);
        assert_eq!(Ok(one), hash("x", [1; 16], CHEAP));
    }

    #[test]
    fn a_cost_that_argon2_does_not_know_is_refused() {
        let free = Cost {
            memory_kib: 0,
            passes: 0,
        };
        assert_eq!(hash("x", [1; 16], free), Err(CostError));
    }

    #[test]
    fn the_default_cost_works() {
        let hash = hash("x", [1; 16], Cost::default()).expect("a hash");
        assert!(verify("x", &hash));
    }
}
