//! Notices as text and as HTML: one template for both, written with the pieces of `notices/forms`.

use super::context::Context;
use super::items::has_path;
use super::notices::{Fault, Notices};
use super::packet::Packet;
use super::publication::Around;
use super::rules::RuleError;
use crate::Digest;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, context};
use std::collections::{BTreeMap, BTreeSet};

/// What every template may use beside the context.
const IMPORT: &str = "{% import form as page %}";

/// The text of a notice in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// The HTML without what is around it.
    pub(crate) body: String,
}

/// The templates of all notices.
pub(crate) struct Pages<'a> {
    text: Environment<'a>,
    html: Environment<'a>,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Fault {
    fn from(error: &Error) -> Self {
        let place = error.line().map_or_else(|| "its text".to_owned(), |line| format!("line {line}"));
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        Self::new(place, format!("{}{detail}", error.kind()))
    }
}

impl<'a> Pages<'a> {
    /// Compiles the templates.
    pub(crate) fn of(notices: &'a Notices) -> Result<Self, RuleError> {
        Ok(Self { text: environment(notices, AutoEscape::None)?, html: environment(notices, AutoEscape::Html)? })
    }

    /// Writes both forms.
    pub(crate) fn write(&self, notice: &str, subject: &str, context: &Context) -> Result<Rendered, RuleError> {
        let phrase = context.say.get(subject).map(String::as_str).unwrap_or_default();
        let values = [
            ("organisation", context.organisation.name.as_str()),
            ("reference", context.reference.as_str()),
            ("citation", context.citation.as_str()),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let subject = fill_in(phrase, &BTreeMap::from(values));
        let text = write(&self.text, notice, "forms/txt.j2", context)?;
        let body = write(&self.html, notice, "forms/html.j2", context)?;
        let html = self.laid_out(&context.language, &subject, &body)?;
        Ok(Rendered { subject, text: without_double_blanks(&text), html, body })
    }

    /// Writes the page that the public reads.
    pub(crate) fn public(&self, around: &Around<'_>) -> Result<String, RuleError> {
        let file = "public/page.html.j2";
        let page = self.html.get_template(file).and_then(|template| template.render(Value::from(Serde(around))));
        let page = page.map_err(|error| Fault::from(innermost(&error)).in_file(file))?;
        Ok(without_double_blanks(&page))
    }

    /// Writes a packet as a page.
    pub(crate) fn packet(&self, packet: &Packet) -> Result<String, RuleError> {
        let file = "packet.html.j2";
        let language = &packet.language;
        let variables = context! { language => "en", packet => Value::from(Serde(packet)), value_language => language };
        let body = self.html.get_template(file).and_then(|template| template.render(variables));
        self.laid_out("en", &packet.title, &body.map_err(|error| Fault::from(innermost(&error)).in_file(file))?)
    }

    fn laid_out(&self, language: &str, subject: &str, body: &str) -> Result<String, RuleError> {
        let variables = context! { language => language, subject => subject, body => body };
        let html = self.html.get_template("layout.html.j2").and_then(|layout| layout.render(variables));
        let html = html.map_err(|error| Fault::from(error).in_file("layout.html.j2"))?;
        Ok(without_double_blanks(&html))
    }

    /// Finds a variable that does not exist, by file.
    pub(crate) fn check(&self, variables: &serde_json::Value) -> Result<(), RuleError> {
        for (name, template) in self.text.templates() {
            if name.starts_with("forms/") || name.ends_with(".html.j2") {
                continue;
            }
            let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
            names.sort();
            let given = |name: &String| ["page.", "statute"].iter().any(|own| name.starts_with(own)) || name == "page";
            if let Some(unknown) = names.iter().find(|name| !given(name) && !has_path(variables, name)) {
                return Err(Fault::new("its text", format!("there is no variable `{unknown}`")).in_file(name));
            }
        }
        Ok(())
    }
}

fn environment(notices: &Notices, escaping: AutoEscape) -> Result<Environment<'_>, RuleError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(move |_| escaping.clone());
    environment.add_filter("fill", fill);
    environment.add_filter("source_hash", source_hash);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(|error| Fault::from(error).in_file("its syntax"))?);
    for (name, text) in notices.templates() {
        let added = if name.ends_with("/notice.j2") {
            environment.add_template_owned(name.to_owned(), format!("{IMPORT}{text}"))
        } else {
            environment.add_template(name, text)
        };
        added.map_err(|error| Fault::from(error).in_file(name))?;
    }
    Ok(environment)
}

fn write(templates: &Environment<'_>, notice: &str, form: &str, context: &Context) -> Result<String, RuleError> {
    let file = format!("{notice}/notice.j2");
    let variables = context! { form => form, ..Value::from(Serde(context)) };
    let written = templates.get_template(&file).and_then(|template| template.render(variables));
    written.map_err(|error| {
        let cause = innermost(&error);
        let file = cause.name().map_or(file, str::to_owned);
        Fault::from(cause).in_file(&file)
    })
}

/// What went wrong in the part that a notice includes, rather than that including it failed.
fn innermost(error: &Error) -> &Error {
    let mut found = error;
    while let Some(cause) = std::error::Error::source(found).and_then(|cause| cause.downcast_ref::<Error>()) {
        found = cause;
    }
    found
}

/// A phrase with its values: `{{ say.aware|fill(time=aware.full) }}`. One that is not used or not given is an error.
fn fill(phrase: &str, values: Kwargs) -> Result<String, Error> {
    let given = values.args().map(|name| Ok((name.to_owned(), values.get::<Value>(name)?.to_string())));
    let given: BTreeMap<String, String> = given.collect::<Result<_, Error>>()?;
    if let Some(name) = given.keys().find(|name| !phrase.contains(&format!("{{{name}}}"))) {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("the phrase has no `{{{name}}}`")));
    }
    if placeholders(phrase).len() != given.len() {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("a value is not given: {phrase}")));
    }
    Ok(fill_in(phrase, &given))
}

/// What a page's policy allows this one style by (<https://www.w3.org/TR/CSP3/#grammardef-hash-source>).
fn source_hash(style: &str) -> String {
    format!("sha256-{}", Digest::of(style.as_bytes()).base64())
}

/// The phrase with its values, each put in once: a brace in a value stays a brace.
fn fill_in(phrase: &str, values: &BTreeMap<String, String>) -> String {
    let mut filled = String::new();
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, left)) = after.split_once('}') else { break };
        filled.push_str(values.get(name).map(String::as_str).unwrap_or_default());
        rest = left;
    }
    filled.push_str(rest);
    filled
}

/// The names in braces, each once.
pub(crate) fn placeholders(phrase: &str) -> BTreeSet<&str> {
    phrase.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// The text with no line of blanks after another, as branches of a template leave them.
fn without_double_blanks(text: &str) -> String {
    let mut lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    format!("{}\n", lines.join("\n"))
}
