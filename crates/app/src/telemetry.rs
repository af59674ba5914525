//! What is logged and how: one line an event on stderr, for people or as JSON. What is worth an event is each crate's own affair.
//!
//! In both forms a line carries the fields of the spans around it, so that all lines of one call, or of the scrape that came of it, are
//! found by searching for its `request_id` or `run_id`.

use std::io::IsTerminal;

use tracing::Dispatch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LogConfig, LogFormat};

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.filter` cannot be understood.
    #[error("log.filter is no list of levels and module=level")]
    Filter(#[from] ParseError),
    /// Logging was set up already.
    #[error("logging is set up already")]
    Twice(#[from] tracing::dispatcher::SetGlobalDefaultError),
}

/// Logs to stderr from now on, for the whole process. Fails when called a second time.
pub fn init(log: &LogConfig) -> Result<(), TelemetryError> {
    let dispatch = dispatch(log, std::io::stderr, std::io::stderr().is_terminal())?;
    tracing::dispatcher::set_global_default(dispatch)?;
    Ok(())
}

fn dispatch<W>(log: &LogConfig, writer: W, colours: bool) -> Result<Dispatch, ParseError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(&log.filter)?)
        .with_writer(writer)
        .with_ansi(colours);
    Ok(match log.format {
        LogFormat::Text => lines.into(),
        // The list holds every span; the innermost alone would lack what the outer ones know.
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(true).into(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is logged by `events` under these settings.
    fn logged(format: LogFormat, filter: &str, events: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = LogConfig { format, filter: filter.to_owned() };
        let dispatch = dispatch(&log, move || writer.clone(), false).unwrap();
        tracing::dispatcher::with_default(&dispatch, events);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn a_scrape() {
        let call = tracing::info_span!("call", request_id = "req-1");
        call.in_scope(|| {
            let run = tracing::info_span!("run", run_id = "run-2");
            run.in_scope(|| tracing::info!(duration_ms = 12, "scraped"));
        });
        tracing::debug!("a detail");
    }

    #[test]
    fn a_json_line_tells_the_ids_of_all_spans_around_it() {
        let text = logged(LogFormat::Json, "info", a_scrape);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(r#""request_id":"req-1""#) && text.contains(r#""run_id":"run-2""#), "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((line["message"].as_str(), line["duration_ms"].as_i64()), (Some("scraped"), Some(12)));
    }

    #[test]
    fn a_text_line_tells_the_ids_of_all_spans_around_it() {
        let text = logged(LogFormat::Text, "info", a_scrape);
        assert!(text.contains(r#"request_id="req-1""#) && text.contains(r#"run_id="run-2""#), "{text}");
    }

    #[test]
    fn the_filter_decides_what_is_logged() {
        assert_eq!(logged(LogFormat::Text, "debug", a_scrape).lines().count(), 2);
        assert_eq!(logged(LogFormat::Text, "off", a_scrape), "");
        let nonsense = LogConfig { format: LogFormat::Text, filter: "app=loud".to_owned() };
        assert!(dispatch(&nonsense, std::io::stderr, false).is_err());
    }
}
