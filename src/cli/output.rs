//! What a verb prints: lines and tables for people, JSON for programs, colours at a terminal only.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines and tables for people
    Human,
    /// One JSON document for programs; docs/cli.md has its shape
    Json,
}

/// How a step or a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mark {
    /// As it should be.
    Pass,
    /// Worth a look.
    Warn,
    /// Not as it should be.
    Fail,
    /// Not reached.
    Skip,
}

/// Where a verb writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) format: Format,
    colour: bool,
}

impl Output {
    /// For people with colours where standard output is a terminal and nobody said otherwise.
    pub(super) fn new(format: Format, no_color: bool) -> Self {
        Self { format, colour: !no_color && io::stdout().is_terminal() }
    }

    /// Whether a person reads it.
    pub(super) fn is_human(self) -> bool {
        self.format == Format::Human
    }

    /// One line.
    pub(super) fn line(self, text: &str) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{text}")
    }

    /// One JSON document.
    pub(super) fn json(self, document: &impl Serialize) -> io::Result<()> {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, document)?;
        writeln!(out)
    }

    /// A word in front of a line, in its colour.
    pub(super) fn mark(self, mark: Mark) -> String {
        let (word, colour) = match mark {
            Mark::Pass => ("pass", 32),
            Mark::Warn => ("warn", 33),
            Mark::Fail => ("FAIL", 31),
            Mark::Skip => ("  - ", 2),
        };
        self.coloured(word, colour)
    }

    /// A text in a colour, where there are colours.
    pub(super) fn coloured(self, text: &str, colour: u8) -> String {
        if self.colour { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Columns under their headings, each as wide as its widest cell; the last one as it is.
    pub(super) fn table(self, headings: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([headings[column].chars().count()]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            padded.join("  ").trim_end().to_owned()
        };
        self.line(&line(&mut headings.iter().copied()))?;
        for row in rows {
            self.line(&line(&mut row.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

/// Says on standard error what takes a while, where somebody watches.
pub(super) fn progress(text: &str) {
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        // Who cannot be told is not told.
        let _untold = writeln!(stderr, "{text} ...");
    }
}
