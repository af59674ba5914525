//! What the business is: platforms, handles, post identifiers, metrics, outcomes, schedules and keys.
//!
//! Nothing here does I/O, awaits, or reads a clock: every other crate may depend on this one, and it depends on none of them.

pub mod api_key;
pub mod backoff;
pub mod cadence;
pub mod clock;
pub mod collection;
pub mod day;
pub mod export;
pub mod facts;
pub mod float;
pub mod folding;
pub mod gains;
pub mod handle;
pub mod history;
pub mod ids;
pub mod lifetime;
pub(crate) mod link;
pub mod media_value;
pub mod metadata;
pub mod metric;
pub mod outcome;
pub mod platform;
pub mod post_ref;
mod ranking;
pub mod report;
pub mod request_id;
pub mod schedule;
pub mod scope;
pub mod shortcode;
pub mod source;
pub mod validation;
pub mod window;

pub use api_key::ApiKey;
pub use cadence::{AgeCurve, AgeStep};
pub use clock::{Clock, Timestamp};
pub use collection::{CollectionKind, Member, MemberType};
pub use day::Day;
pub use export::{ExportDataset, ExportFilters, ExportFormat, ExportStatus};
pub use facts::{
    AuthorFacts, MediaType, Observation, PostFacts, PostMetrics, PostSource, PostStatus, ProfileFacts, ProfileMetrics,
    UnavailableReason,
};
pub use float::Float;
pub use folding::fold;
pub use gains::{Analytics, Changes, Counts, Coverage, Gains, HistoryDay, MetricName};
pub use handle::Handle;
pub use ids::{
    AccountId, AccountVideoId, ApiKeyId, CollectionId, CreatorId, ExportId, OrganizationId, PostId, ProfileId, RunId,
    VideoId,
};
pub use lifetime::KeyLifetime;
pub use media_value::{Attention, RateCard};
pub use metadata::Metadata;
pub use metric::{Gain, MetricStatus, Precision, Reading};
pub use outcome::{Outcome, RunStatus};
pub use platform::Platform;
pub use post_ref::PostRef;
pub use ranking::GainName;
pub use report::{DateBasis, ReportOptions, ReportedMetrics};
pub use request_id::RequestId;
pub use schedule::{FreshnessState, TargetKind, Trigger, Wake};
pub use scope::{Scope, Scopes};
pub use source::{Channel, Source};
pub use validation::{FieldError, FieldErrors};
pub use window::{Period, Window, WindowError};
