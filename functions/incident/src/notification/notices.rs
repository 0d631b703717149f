//! The templates of the notices, and what each has to say (`notices/<id>/{notice.toml,<lang>.txt.j2,<lang>.html.j2}`).

use super::context::Context;
use super::rule::Checklist;
use super::rules::RuleError;
use super::vocabulary::Vocabulary;
use super::words::Words;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

include!(concat!(env!("OUT_DIR"), "/notices.rs"));

/// All notices in all languages. Reading them is cheap: a template is compiled when a notice is written.
#[derive(Clone, Debug)]
pub(crate) struct Notices {
    files: BTreeMap<String, String>,
    manifests: BTreeMap<String, Manifest>,
    languages: BTreeMap<String, BTreeSet<String>>,
}

/// What fills the checklist of a notice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    checklist: String,
    item: Vec<Item>,
}

/// One item of the checklist.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    /// The item, as the checklist words it.
    text: String,
    /// The variable without which it is not filled; an item without one is filled by the template itself.
    needs: Option<String>,
    /// The variable without which it is not called for.
    when: Option<String>,
}

/// What is wrong in a file, and where in it.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    place: String,
    problem: String,
}

impl Fault {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }

    fn in_file(self, file: &str) -> RuleError {
        RuleError::new(&format!("notices/{file}"), self.place, self.problem)
    }
}

impl From<minijinja::Error> for Fault {
    fn from(error: minijinja::Error) -> Self {
        let place = error.line().map_or_else(|| "its text".to_owned(), |line| format!("line {line}"));
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        Self { place, problem: format!("{}{detail}", error.kind()) }
    }
}

/// The text of a notice in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Notices {
    /// The notices that were compiled in.
    pub(crate) fn load() -> Result<Self, RuleError> {
        Self::parse(FILES)
    }

    /// Reads these files (name and text).
    pub(crate) fn parse(files: &[(&str, &str)]) -> Result<Self, RuleError> {
        let mut notices = Self { files: BTreeMap::new(), manifests: BTreeMap::new(), languages: BTreeMap::new() };
        for (name, text) in files {
            let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
            if file == "notice.toml" {
                notices.manifests.insert(folder.to_owned(), from_toml(text).map_err(|fault| fault.in_file(name))?);
            } else if let Some(language) = file.strip_suffix(".txt.j2").or_else(|| file.strip_suffix(".html.j2")) {
                notices.languages.entry(folder.to_owned()).or_default().insert(language.to_owned());
            }
            notices.files.insert((*name).to_owned(), (*text).to_owned());
        }
        notices.languages.remove("");
        Ok(notices)
    }

    /// The checklist that a notice fulfils.
    pub(crate) fn checklist_of(&self, notice: &str) -> Option<&str> {
        self.manifests.get(notice).map(|manifest| manifest.checklist.as_str())
    }

    /// Whether a notice can be written in this language.
    pub(crate) fn speaks(&self, notice: &str, language: &str) -> bool {
        self.languages.get(notice).is_some_and(|languages| languages.contains(language))
    }

    /// The words of a language.
    pub(crate) fn words(&self, language: &str) -> Result<Words, RuleError> {
        let file = format!("words/{language}.toml");
        from_toml(self.text(&file)?).map_err(|fault| fault.in_file(&file))
    }

    fn text(&self, file: &str) -> Result<&str, RuleError> {
        self.files.get(file).map(String::as_str).ok_or_else(|| Fault::new("the file", "is missing").in_file(file))
    }

    /// The templates of one notice, with the page that they all share.
    fn templates(&self, notice: &str) -> Result<Environment<'_>, RuleError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| Fault::from(error).in_file(notice))?);
        let own = self.files.iter().filter(|(name, _)| {
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            (folder == notice || folder.is_empty()) && name.ends_with(".j2")
        });
        for (name, text) in own {
            environment.add_template(name, text).map_err(|error| Fault::from(error).in_file(name))?;
        }
        Ok(environment)
    }

    /// Writes a notice. The first line of the plain text is the subject.
    pub(crate) fn render(&self, notice: &str, language: &str, context: &Context) -> Result<Rendered, RuleError> {
        render(&self.templates(notice)?, notice, language, context)
    }

    /// The items of the checklist that `context` calls for and does not fill.
    pub(crate) fn gaps(&self, notice: &str, context: &Context) -> Vec<String> {
        let Ok(context) = serde_json::to_value(context) else { return Vec::new() };
        let items = self.manifests.get(notice).map(|manifest| manifest.item.as_slice()).unwrap_or_default();
        let is_filled = |path: &Option<String>| path.as_ref().is_none_or(|path| is_something(&context, path));
        let gaps = items.iter().filter(|item| is_filled(&item.when) && !is_filled(&item.needs));
        gaps.map(|item| item.text.clone()).collect()
    }

    /// Checks that every notice fulfils its checklist and has both forms and the words of its languages.
    pub(crate) fn check(&self, checklists: &BTreeMap<String, Checklist>) -> Result<(), RuleError> {
        for (notice, languages) in &self.languages {
            self.text(&format!("{notice}/notice.toml"))?;
            for language in languages {
                self.text(&format!("{notice}/{language}.txt.j2"))?;
                self.text(&format!("{notice}/{language}.html.j2"))?;
                self.text(&format!("words/{language}.toml"))?;
            }
        }
        for (notice, manifest) in &self.manifests {
            let file = format!("{notice}/notice.toml");
            Self::check_manifest(manifest, checklists).map_err(|fault| fault.in_file(&file))?;
            if !self.languages.contains_key(notice) {
                return Err(Fault::new("the notice", "has no template").in_file(&file));
            }
        }
        Ok(())
    }

    /// Checks every text: all variables, and that each notice can be written when everything and when nothing is known.
    pub(crate) fn check_texts(&self, vocabulary: &Vocabulary) -> Result<(), RuleError> {
        let files = self.files.keys().filter_map(|file| file.strip_prefix("words/")?.strip_suffix(".toml"));
        let words: Vec<(&str, Words)> =
            files.map(|language| Ok((language, self.words(language)?))).collect::<Result<_, RuleError>>()?;
        for (language, own) in &words {
            let against = words.iter().map(|(_, other)| own.check_against(other));
            let checks = std::iter::once(own.check(vocabulary)).chain(against);
            for check in checks {
                check.map_err(|fault| fault.in_file(&format!("words/{language}.toml")))?;
            }
        }
        for (notice, languages) in &self.languages {
            let templates = self.templates(notice)?;
            for language in languages {
                check_language(&templates, notice, language)?;
            }
        }
        Ok(())
    }

    fn check_manifest(manifest: &Manifest, checklists: &BTreeMap<String, Checklist>) -> Result<(), Fault> {
        let checklist = checklists.get(&manifest.checklist);
        let checklist =
            checklist.ok_or_else(|| Fault::new("checklist", format!("there is no `{}`", manifest.checklist)))?;
        if !manifest.item.iter().map(|item| &item.text).eq(&checklist.items) {
            return Err(Fault::new("item", format!("the items are not those of checklist `{}`", checklist.id)));
        }
        let variables = serde_json::to_value(Context::full()).unwrap_or_default();
        let paths = manifest.item.iter().flat_map(|item| item.needs.iter().chain(&item.when));
        match paths.into_iter().find(|path| !has_path(&variables, path)) {
            Some(path) => Err(Fault::new("item", format!("there is no variable `{path}`"))),
            None => Ok(()),
        }
    }
}

/// Writes both forms. The first line of the plain text is the subject.
fn render(templates: &Environment<'_>, notice: &str, language: &str, context: &Context) -> Result<Rendered, RuleError> {
    let write = |form: &str, context: &Context| {
        let file = format!("{notice}/{language}.{form}.j2");
        let written = templates.get_template(&file).and_then(|template| template.render(Serde(context)));
        written.map_err(|error| Fault::from(error).in_file(&file))
    };
    let whole = write("txt", context)?;
    let (subject, text) = whole.split_once('\n').unwrap_or((whole.as_str(), ""));
    let subject = subject.trim().to_owned();
    let html = write("html", &Context { subject: subject.clone(), ..context.clone() })?;
    Ok(Rendered { subject, text: without_double_blanks(text), html: without_double_blanks(&html) })
}

fn check_language(templates: &Environment<'_>, notice: &str, language: &str) -> Result<(), RuleError> {
    let variables = serde_json::to_value(Context::full()).unwrap_or_default();
    for form in ["txt", "html"] {
        let file = format!("{notice}/{language}.{form}.j2");
        let template = templates.get_template(&file).map_err(|error| Fault::from(error).in_file(&file))?;
        let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        names.sort();
        if let Some(name) = names.iter().find(|name| !has_path(&variables, name)) {
            return Err(Fault::new("its text", format!("there is no variable `{name}`")).in_file(&file));
        }
    }
    // What a loop or a branch hides from the list of variables shows when everything, and when nothing, is known.
    for context in [Context::full(), Context::bare()] {
        if render(templates, notice, language, &context)?.subject.is_empty() {
            return Err(Fault::new("line 1", "the subject is empty").in_file(&format!("{notice}/{language}.txt.j2")));
        }
    }
    Ok(())
}

fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    toml::from_str(text).map_err(|error| Fault::new("its text", error.to_string()))
}

/// The text with no line of blanks after another, as branches of a template leave them.
fn without_double_blanks(text: &str) -> String {
    let mut lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    format!("{}\n", lines.join("\n"))
}

/// Whether the variables have this path; below a list or a text there is nothing to find.
fn has_path(variables: &serde_json::Value, path: &str) -> bool {
    path.split('.').try_fold(variables, |value, part| value.get(part)).is_some()
}

fn is_something(variables: &serde_json::Value, path: &str) -> bool {
    let found = path.split('.').try_fold(variables, |value, part| value.get(part));
    match found {
        None | Some(serde_json::Value::Null | serde_json::Value::Bool(false)) => false,
        Some(serde_json::Value::String(text)) => !text.is_empty(),
        Some(serde_json::Value::Array(list)) => !list.is_empty(),
        Some(serde_json::Value::Bool(true) | serde_json::Value::Number(_) | serde_json::Value::Object(_)) => true,
    }
}
