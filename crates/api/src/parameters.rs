//! What names a call's wishes by texts, wherever these stand: the query of a GET, or a part of a body that asks for the same.

use domain::FieldErrors;

use crate::body::Fields;
use crate::call::hyphenated;
use crate::query::Query;

/// Parameters that are read one by one. What is wrong is left with them, and their end refuses it.
pub(crate) trait Parameters {
    /// The value of `name` as `read` reads it; its error completes the sentence that begins with the name.
    fn read<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T>;

    /// Notes what is wrong with parameters beyond their own form.
    fn refuse(&mut self, errors: FieldErrors);
}

impl Parameters for Query {
    fn read<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        Self::read(self, name, read)
    }

    fn refuse(&mut self, errors: FieldErrors) {
        Self::refuse(self, errors);
    }
}

impl Parameters for Fields {
    /// A value of another type is none of the texts that are read here, so the messages are theirs.
    fn read<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.optional(name, |value| read(value.as_str().unwrap_or_default()))
    }

    fn refuse(&mut self, errors: FieldErrors) {
        self.refuse_all(errors);
    }
}

/// One of a closed set of names.
pub(crate) fn choice<T: std::str::FromStr<Err = String>>(parameters: &mut impl Parameters, name: &str) -> Option<T> {
    parameters.read(name, str::parse)
}

/// The id of something, as a UUID.
pub(crate) fn id<T>(parameters: &mut impl Parameters, name: &str, of: impl FnOnce(uuid::Uuid) -> T) -> Option<T> {
    parameters.read(name, |text| hyphenated(text).ok_or_else(|| "must be a UUID".to_owned())).map(of)
}
