//! Embeds the data folders, so that a new rule, notice language or playbook is one file and no hand-kept index.
//! The law is checked here, row by row, and embedded as one document that a function reads at once.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/notification"]
#[expect(dead_code, unreachable_pub, reason = "the crate uses what the build script does not")]
mod law {
    #[path = "law.rs"]
    pub(crate) mod all;
    pub(crate) mod check;
    pub(crate) mod condition;
    pub(crate) mod counting;
    pub(crate) mod dates;
    pub(crate) mod deadline_rule;
    pub(crate) mod decided;
    pub(crate) mod iso3166;
    pub(crate) mod rows;
    pub(crate) mod rule;
    pub(crate) mod vocabulary;
    pub(crate) use all as law;
}

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
    fs::write(out.join("obligations.bin"), obligations(&root)?)?;
    fs::write(out.join("evidence.json"), evidence(&root.join("evidence"))?)?;
    fs::write(out.join("actions.json"), actions(&root.join("../../infra/actions"))?)
}

/// What of a row only people read.
const READ_BY_PEOPLE: [&str; 15] = [
    "amended_from",
    "card_brand_limits",
    "check_note",
    "checked_on",
    "clock_note",
    "exemptions",
    "iso8601",
    "remedy",
    "source_basis",
    "source_phrase",
    "source_title",
    "stages",
    "substitute",
    "trigger_note",
    "weekend_rule",
];

/// The rows that only people and tests read.
const ROWS_READ_BY_PEOPLE: [&str; 3] = ["register", "watch", "example"];

/// The law as one document: the rows of every file by kind, in a form that is read faster than JSON. Fails by file, row and field.
fn obligations(root: &Path) -> io::Result<Vec<u8>> {
    let folder = root.join("obligations");
    let mut names = Vec::new();
    collect(&folder, &folder, &mut names)?;
    names.sort();
    let mut files = Vec::new();
    for name in names {
        let text = fs::read_to_string(folder.join(&name))?;
        let document =
            toml::from_str(&text).map_err(|error| io::Error::other(format!("obligations/{name}: {error}")))?;
        files.push((format!("obligations/{name}"), law::dates::with_dates_as_text(document)));
    }
    let mut all = serde_json::Map::new();
    for (kind, table) in files.iter().filter_map(|(_, document)| document.as_object()).flatten() {
        if ROWS_READ_BY_PEOPLE.contains(&kind.as_str()) {
            continue;
        }
        let mut table = table.clone();
        strip(&mut table);
        match (all.get_mut(kind).and_then(Value::as_array_mut), table) {
            (Some(rows), Value::Array(more)) => rows.extend(more),
            (_, table) => drop(all.insert(kind.clone(), table)),
        }
    }
    let checked =
        law::check::read_all(law::law::Law::default(), files).map_err(|error| io::Error::other(error.to_string()))?;
    let notices = checked.rules.values().filter_map(|rule| Some((&rule.id, rule.notice.as_ref()?)));
    for (rule, notice) in notices {
        if !root.join("notices").join(notice).join("notice.toml").is_file() {
            return Err(io::Error::other(format!("rule `{rule}`: there is no notice `{notice}`")));
        }
    }
    let sheet: law::law::Sheet = serde_json::from_value(Value::Object(all)).map_err(io::Error::other)?;
    postcard::to_allocvec(&sheet).map_err(io::Error::other)
}

/// Takes away what only people read.
fn strip(value: &mut Value) {
    match value {
        Value::Object(table) => {
            table.retain(|key, _| !READ_BY_PEOPLE.contains(&key.as_str()));
            table.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The sources of evidence by id, and the services that they ask, as one JSON object.
fn evidence(folder: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut services = serde_json::Value::Null;
    let mut sources = serde_json::Map::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        println!("cargo::rerun-if-changed={}", file.display());
        let described: serde_json::Value = toml::from_str(&fs::read_to_string(&file)?)
            .map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
        match file.file_stem().map(|name| name.to_string_lossy().into_owned()) {
            Some(name) if name == "services" => services = described,
            Some(name) => drop(sources.insert(name, described)),
            None => {}
        }
    }
    serde_json::to_string(&serde_json::json!({"sources": sources, "services": services})).map_err(io::Error::other)
}

/// What the core needs of each action's description. The rest is for the documents.
const KEPT: [&str; 11] = [
    "title",
    "target",
    "parameter",
    "impact",
    "asks",
    "id_prefix",
    "arn_service",
    "passes",
    "parameters",
    "shows",
    "lost",
];

/// The descriptions of the actions as one JSON object, by id.
fn actions(folder: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut found = serde_json::Map::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path().join("action.toml");
        if !file.is_file() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", file.display());
        let wrong = |error: String| io::Error::other(format!("{}: {error}", file.display()));
        let described: serde_json::Value =
            toml::from_str(&fs::read_to_string(&file)?).map_err(|error| wrong(error.to_string()))?;
        let is_reversible = described.get("reverse").is_some();
        let kept = KEPT.iter().filter_map(|key| Some(((*key).to_owned(), described.get(key)?.clone())));
        let mut action: serde_json::Map<String, serde_json::Value> = kept.collect();
        action.insert("reversible".to_owned(), is_reversible.into());
        for parameter in action.get_mut("parameters").and_then(|all| all.as_object_mut()).into_iter().flatten() {
            let Some(members) = parameter.1.as_object_mut() else {
                return Err(wrong("`parameters` holds no table".to_owned()));
            };
            members.insert("has_default".to_owned(), members.contains_key("default").into());
            members.retain(|key, _| ["from", "documents", "has_default"].contains(&key.as_str()));
        }
        let id = file.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        found.insert(id.unwrap_or_default(), action.into());
    }
    serde_json::to_string(&found).map_err(io::Error::other)
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
