//! Pinterest's pages.

use domain::Observation;

use crate::page::{self, Page};

/// Reader of everything that is no data: walls, shells, empty answers.
pub(crate) const SIGNALS: &str = "pinterest.signals";

/// Reads any answer of Pinterest's.
pub(crate) fn read(page: &Page<'_>, _text: &str) -> Observation {
    page::unread(page, SIGNALS, "a page without its data block")
}
