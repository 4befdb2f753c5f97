//! How the difference between two documents reads.

use super::output::Output;
pub(super) use crate::application::difference::difference;

const RED: u8 = 31;
const GREEN: u8 = 32;

/// Prints it, with colours where there are any.
pub(super) fn print(output: Output, lines: &[String]) -> std::io::Result<()> {
    for line in lines {
        match line.chars().next() {
            Some('-') => output.line(&output.coloured(line, RED))?,
            Some('+') => output.line(&output.coloured(line, GREEN))?,
            Some(_) | None => output.line(line.trim_end())?,
        }
    }
    Ok(())
}
