//! A floating-point number that can be compared and hashed.

use std::hash::{Hash, Hasher};

use serde::Serialize;

/// A number that is compared bit by bit, so that what holds one can be compared and hashed as a whole.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct Float(pub f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Float {}

impl Hash for Float {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}
