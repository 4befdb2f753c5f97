//! Where the measured programs are.

use std::io;
use std::path::{Path, PathBuf};

/// The programs of the table.
pub(crate) struct Programs {
    pub(crate) authorizer: PathBuf,
    pub(crate) token: PathBuf,
    pub(crate) do_nothing: PathBuf,
    pub(crate) do_nothing_http: PathBuf,
}

impl Programs {
    /// The functions in `given` (`NAME` or `NAME/bootstrap`) or where cargo puts them; the others beside this program.
    pub(crate) fn find(given: Option<&Path>) -> io::Result<Self> {
        let here = std::env::current_exe()?;
        let examples = here.parent().ok_or_else(|| io::Error::other("no directory"))?;
        let built = given.or_else(|| examples.parent()).ok_or_else(|| io::Error::other("no directory"))?;
        let function = |name: &str| {
            let packed = built.join(name).join("bootstrap");
            if packed.is_file() { packed } else { built.join(name) }
        };
        let programs = Self {
            authorizer: function("authorizer"),
            token: function("token"),
            do_nothing: examples.join("do_nothing"),
            do_nothing_http: examples.join("do_nothing_http"),
        };
        for program in [&programs.authorizer, &programs.token, &programs.do_nothing, &programs.do_nothing_http] {
            if !program.is_file() {
                let what = format!("`{}` does not exist: run scripts/bench, which builds it", program.display());
                return Err(io::Error::other(what));
            }
        }
        Ok(programs)
    }
}
