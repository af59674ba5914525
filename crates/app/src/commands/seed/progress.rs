//! How far the work is: a bar that is drawn over itself on a terminal, and a line for each tenth elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

const WIDTH: u64 = 30;

/// A terminal is drawn to this often at most.
const REDRAW: Duration = Duration::from_millis(200);

/// The work, on standard error.
pub struct Progress {
    of: u64,
    done: u64,
    began: Instant,
    drawn: Option<Instant>,
    tenths: u64,
    is_terminal: bool,
}

impl Progress {
    /// Work on so many profiles.
    pub fn new(of: u64) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self { of, done: 0, began: Instant::now(), drawn: None, tenths: 0, is_terminal }
    }

    /// So many more are done; `rows` are all that were written.
    pub fn go_on(&mut self, profiles: u64, rows: u64) {
        self.done += profiles;
        let tenths = self.done.saturating_mul(10) / self.of.max(1);
        let is_due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) || self.done >= self.of;
        if self.is_terminal && is_due {
            self.drawn = Some(Instant::now());
            let filled = self.done.saturating_mul(WIDTH) / self.of.max(1);
            let bar: String = (0..WIDTH).map(|at| if at < filled { '#' } else { '.' }).collect();
            write(&format!("\r[{bar}] {}", self.line(rows)));
        } else if !self.is_terminal && tenths > self.tenths {
            self.tenths = tenths;
            write(&format!("{}\n", self.line(rows)));
        }
    }

    fn line(&self, rows: u64) -> String {
        let elapsed = self.began.elapsed().as_secs();
        let left = elapsed.saturating_mul(self.of.saturating_sub(self.done)) / self.done.max(1);
        format!("{} of {} profiles, {rows} rows, {elapsed} s, {left} s left  ", self.done, self.of)
    }

    /// What is done after the last profile.
    pub fn tell(&mut self, what: &str) {
        let elapsed = self.began.elapsed().as_secs();
        write(&if self.is_terminal {
            format!("\r\u{1b}[K{elapsed} s, {what}")
        } else {
            format!("{elapsed} s, {what}\n")
        });
    }

    /// All is done.
    pub fn end(&self) {
        if self.is_terminal {
            write("\r\u{1b}[K");
        }
        write(&format!("done in {} s\n", self.began.elapsed().as_secs()));
    }
}

/// A terminal that went away is no failure.
fn write(text: &str) {
    let mut err = std::io::stderr().lock();
    let _gone = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
