//! Embeds the data folders, so that a new rule, notice language or playbook is one file and no hand-kept index.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Each becomes `$OUT_DIR/<folder>.rs` with one sorted list of relative names and contents.
const FOLDERS: [&str; 4] = ["obligations", "notices", "playbooks", "reports"];

fn main() -> io::Result<()> {
    let root = directory("CARGO_MANIFEST_DIR")?;
    let out = directory("OUT_DIR")?;
    for folder in FOLDERS {
        let base = root.join(folder);
        let mut files = Vec::new();
        collect(&base, &base, &mut files)?;
        files.sort();
        fs::write(out.join(format!("{folder}.rs")), index_of(folder, &base, &files))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "cargo hands a build script its settings in the environment")]
fn directory(name: &str) -> io::Result<PathBuf> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(format!("cargo did not set `{name}`")))
}

/// Adds the path relative to `base`, with `/` between its parts, of every file under `folder`.
fn collect(base: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(base, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml" || extension == "j2") {
            let relative = path.strip_prefix(base).map_err(io::Error::other)?;
            files.push(relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"));
        }
    }
    Ok(())
}

fn index_of(folder: &str, base: &Path, files: &[String]) -> String {
    let mut code = format!("/// Every file of `{folder}/` by its name there, sorted.\n");
    code.push_str("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    for file in files {
        let path = base.join(file);
        code.push_str(&format!("    ({file:?}, include_str!({:?})),\n", path.display().to_string()));
    }
    code.push_str("];\n");
    code
}
