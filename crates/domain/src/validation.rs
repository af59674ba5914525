//! Invalid input, gathered field by field, so that a client learns everything that is wrong at once.

use serde::Serialize;

/// One invalid field: where it stands and what it should have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Path of the field, such as `username`, `metadata.colour` or `items[3].platform`.
    pub field: String,
    /// What is expected, in words for the client's developer.
    pub message: String,
}

/// A growing list of invalid fields; empty means valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// An empty list.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A list of one.
    pub fn of(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut errors = Self::new();
        errors.add(field, message);
        errors
    }

    /// Notes that `field` is invalid. The first message for a field wins.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let field = field.into();
        if !self.0.iter().any(|e| e.field == field) {
            self.0.push(FieldError { field, message: message.into() });
        }
    }

    /// Unwraps `result`, or notes its error against `field`.
    pub fn check<T>(&mut self, field: &str, result: Result<T, impl ToString>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(field, error.to_string());
                None
            }
        }
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields noted so far.
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }

    /// `Ok` when nothing was noted.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl IntoIterator for FieldErrors {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Finds `text` among `all` by name; the error is the message of the contract, `must be one of: a, b`.
pub fn one_of<T: Copy>(text: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<T, String> {
    all.iter().copied().find(|candidate| name(*candidate) == text).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|candidate| name(*candidate)).collect();
        format!("must be one of: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_for_a_field_wins() {
        let mut errors = FieldErrors::of("username", "is required");
        errors.add("username", "is too long");
        assert_eq!(errors.as_slice().len(), 1);
        assert_eq!(errors.as_slice()[0].message, "is required");
    }

    #[test]
    fn a_bad_enum_names_what_is_allowed() {
        assert_eq!(
            "myspace".parse::<crate::Platform>(),
            Err("must be one of: instagram, tiktok, youtube, pinterest".to_owned())
        );
    }
}
