//! Golden files: what people read, kept so that a change of it is seen and meant.

use std::path::Path;

/// Compares `text` with the golden file `name`; with `UPDATE_GOLDEN=1` it becomes that file.
#[expect(clippy::disallowed_methods, reason = "a person asks a test run to write the golden files anew")]
pub(crate) fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path);
    let golden = golden.unwrap_or_else(|_| panic!("`{}` is missing: run with UPDATE_GOLDEN=1", path.display()));
    let mut lines = text.lines().zip(golden.lines()).enumerate();
    if let Some((line, (now, before))) = lines.find(|(_, (now, before))| now != before) {
        panic!("`{name}` line {}:\n  now    {now}\n  before {before}", line + 1);
    }
    assert_eq!(
        text.len(),
        golden.len(),
        "`{name}` has another length; run with UPDATE_GOLDEN=1 and read the difference"
    );
}
