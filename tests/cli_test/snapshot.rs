//! What people see, kept as files: `UPDATE_SNAPSHOTS=1 cargo test --test cli_test` writes them anew.

use std::path::Path;

/// Fails where the text is not the one in `snapshots/{name}.txt`.
pub(crate) fn assert_snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cli_test/snapshots/{name}.txt"));
    #[expect(clippy::disallowed_methods, reason = "the tester says whether snapshots are to be written")]
    let is_to_be_written = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    if is_to_be_written {
        std::fs::write(&path, text).expect("a snapshot that can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs from what is printed", path.display());
}
