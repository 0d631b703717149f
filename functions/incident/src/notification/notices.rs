//! The notices as files: what each is (`notices/<id>/notice.toml`, `notice.j2`), who gets which (`recipients.toml`), and the words
//! of every language. How they become text is in `page.rs`.

use super::context::Context;
use super::items::{Items, has_path};
use super::packet::PacketForm;
use super::page::Pages;
use super::publication::PublicWords;
use super::rule::{Checklist, Rule};
use super::rules::RuleError;
use super::vocabulary::Vocabulary;
use super::words::{Phrases, Words};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

include!(concat!(env!("OUT_DIR"), "/notices.rs"));

/// All notices in all languages. Reading them is cheap: words and templates are read when a notice is written.
#[derive(Clone, Debug)]
pub(crate) struct Notices {
    files: BTreeMap<String, String>,
    manifests: BTreeMap<String, Manifest>,
    recipients: Recipients,
}

/// What a notice is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// The checklist that it is written for; without one it serves every rule of its class of recipients.
    checklist: Option<String>,
    /// The phrase of the subject line.
    subject: String,
    /// The languages that it is written in.
    languages: BTreeSet<String>,
    /// Whether everybody may read it: it is for the people concerned, and names none of them.
    #[serde(default)]
    is_public: bool,
}

/// Which notice a rule gets that names none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipients {
    notice: BTreeMap<String, Class>,
    /// The classes that nobody outside reads, and why.
    none: BTreeMap<String, String>,
    /// The Federal Trade Commission, to which several states point their residents.
    pub(crate) trade_commission: Office,
}

/// The classes of recipients that get one notice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    recipients: BTreeSet<String>,
    /// What is asked where the rule has neither a checklist nor content.
    usual: Vec<String>,
}

/// An office with its address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Office {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) address: String,
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

    pub(crate) fn in_file(self, file: &str) -> RuleError {
        RuleError::new(&format!("notices/{file}"), self.place, self.problem)
    }
}

impl Notices {
    /// The notices that were compiled in.
    pub(crate) fn load() -> Result<Self, RuleError> {
        Self::parse(FILES)
    }

    /// Reads these files (name and text).
    pub(crate) fn parse(files: &[(&str, &str)]) -> Result<Self, RuleError> {
        let files: BTreeMap<String, String> =
            files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let mut notices = Self { files, manifests: BTreeMap::new(), recipients: Recipients::default() };
        notices.recipients = notices.read("recipients.toml")?;
        let ids: Vec<String> =
            notices.files.keys().filter_map(|name| name.strip_suffix("/notice.j2")).map(str::to_owned).collect();
        for id in ids {
            let manifest = notices.read(&format!("{id}/notice.toml"))?;
            notices.manifests.insert(id, manifest);
        }
        Ok(notices)
    }

    /// The notice of a rule: its own, else that of its class of recipients.
    pub(crate) fn of_rule<'a>(&'a self, rule: &'a Rule) -> Option<&'a str> {
        rule.notice.as_deref().or_else(|| self.of_class(&rule.recipient).map(|(notice, _)| notice))
    }

    fn of_class(&self, recipient: &str) -> Option<(&str, &Class)> {
        let classes = self.recipients.notice.iter().map(|(notice, class)| (notice.as_str(), class));
        classes.into_iter().find(|(_, class)| class.recipients.contains(recipient))
    }

    /// Whether it is known what this class of recipients gets, be it nothing.
    pub(crate) fn knows_class(&self, recipient: &str) -> bool {
        self.of_class(recipient).is_some() || self.recipients.none.contains_key(recipient)
    }

    /// What is asked of a rule's notice where the rule says nothing of its content.
    pub(crate) fn usual(&self, rule: &Rule) -> &[String] {
        self.of_class(&rule.recipient).map(|(_, class)| class.usual.as_slice()).unwrap_or_default()
    }

    pub(crate) fn trade_commission(&self) -> &Office {
        &self.recipients.trade_commission
    }

    /// The checklist that a notice is written for.
    pub(crate) fn checklist_of(&self, notice: &str) -> Option<Option<&str>> {
        self.manifests.get(notice).map(|manifest| manifest.checklist.as_deref())
    }

    /// Whether a notice can be written in this language.
    pub(crate) fn speaks(&self, notice: &str, language: &str) -> bool {
        self.manifests.get(notice).is_some_and(|manifest| manifest.languages.contains(language))
    }

    /// The phrase of a notice's subject line.
    pub(crate) fn subject(&self, notice: &str) -> Option<&str> {
        self.manifests.get(notice).map(|manifest| manifest.subject.as_str())
    }

    /// What the items of the checklists ask for.
    pub(crate) fn items(&self) -> Result<Items, RuleError> {
        self.read("items.toml")
    }

    /// What the exposure of classes of data can lead to: the classes by the name of what follows.
    pub(crate) fn consequences(&self) -> Result<BTreeMap<String, Vec<String>>, RuleError> {
        self.read("consequences.toml")
    }

    /// The fields of a packet for an authority's form.
    pub(crate) fn packet(&self) -> Result<PacketForm, RuleError> {
        self.read("packet.toml")
    }

    /// The words of a language.
    pub(crate) fn words(&self, language: &str) -> Result<Words, RuleError> {
        self.read(&format!("words/{language}.toml"))
    }

    /// The sentences of a language.
    pub(crate) fn phrases(&self, language: &str) -> Result<Phrases, RuleError> {
        self.read(&format!("phrases/{language}.toml"))
    }

    /// Whether everybody may read this notice.
    pub(crate) fn is_public(&self, notice: &str) -> bool {
        self.manifests.get(notice).is_some_and(|manifest| manifest.is_public)
    }

    /// What the public pages say beside a notice in this language.
    pub(crate) fn public_words(&self, language: &str) -> Result<PublicWords, RuleError> {
        self.read(&public_file(language))
    }

    /// The templates, by name.
    pub(crate) fn templates(&self) -> impl Iterator<Item = (&str, &str)> {
        let templates = self.files.iter().filter(|(name, _)| name.ends_with(".j2"));
        templates.map(|(name, text)| (name.as_str(), text.as_str()))
    }

    pub(crate) fn text(&self, file: &str) -> Result<&str, RuleError> {
        self.files.get(file).map(String::as_str).ok_or_else(|| Fault::new("the file", "is missing").in_file(file))
    }

    fn read<T: DeserializeOwned>(&self, file: &str) -> Result<T, RuleError> {
        let read = toml::from_str(self.text(file)?);
        read.map_err(|error: toml::de::Error| Fault::new("its text", error.to_string()).in_file(file))
    }

    /// Checks that every notice has a checklist that exists, and the words of its languages.
    pub(crate) fn check(&self, checklists: &BTreeMap<String, Checklist>) -> Result<(), RuleError> {
        for (id, manifest) in &self.manifests {
            if let Some(missing) = manifest.checklist.as_ref().filter(|name| !checklists.contains_key(*name)) {
                let fault = Fault::new("checklist", format!("there is no `{missing}`"));
                return Err(fault.in_file(&format!("{id}/notice.toml")));
            }
            for language in &manifest.languages {
                self.text(&format!("words/{language}.toml"))?;
                self.text(&format!("phrases/{language}.toml"))?;
            }
        }
        if let Some(id) = self.recipients.notice.keys().find(|id| !self.manifests.contains_key(*id)) {
            return Err(
                Fault::new(format!("notice.{id}"), "there is no notice of this name").in_file("recipients.toml")
            );
        }
        Ok(())
    }

    /// Checks every text: all variables, and that each notice can be written when everything and when nothing is known.
    pub(crate) fn check_texts(&self, vocabulary: &Vocabulary) -> Result<(), RuleError> {
        self.check_words(vocabulary)?;
        let (items, pages) = (self.items()?, Pages::of(self)?);
        let asks = |value: bool| items.asks(&[]).into_keys().map(|name| (name, value)).collect();
        for (notice, manifest) in &self.manifests {
            for language in &manifest.languages {
                let say = self.phrases(language)?.0;
                let full = Context { say: say.clone(), asks: asks(true), ..Context::full() };
                let bare = Context { say, asks: asks(false), ..Context::bare() };
                let variables = serde_json::to_value(&full).unwrap_or_default();
                items.check(&variables).map_err(|fault| fault.in_file("items.toml"))?;
                self.packet()?.check(&variables).map_err(|fault| fault.in_file("packet.toml"))?;
                if !has_path(&variables, &format!("say.{}", manifest.subject)) {
                    let fault = Fault::new("subject", format!("there is no phrase `{}`", manifest.subject));
                    return Err(fault.in_file(&format!("{notice}/notice.toml")));
                }
                pages.check(&variables)?;
                for context in [full, Context { asks: asks(true), ..bare.clone() }, bare] {
                    pages.write(notice, &manifest.subject, &context)?;
                }
            }
        }
        Ok(())
    }

    fn check_words(&self, vocabulary: &Vocabulary) -> Result<(), RuleError> {
        let languages: BTreeSet<&String> = self.manifests.values().flat_map(|manifest| &manifest.languages).collect();
        let consequences = self.consequences()?;
        let classes = vocabulary.members("data_classes");
        let mut named = consequences.values().flatten();
        if let Some(class) = named.find(|class| !classes.contains(&class.as_str())) {
            return Err(
                Fault::new("its classes", format!("there is no data class `{class}`")).in_file("consequences.toml")
            );
        }
        for language in &languages {
            let (words, phrases) = (self.words(language)?, self.phrases(language)?);
            let in_words = |fault: Fault| fault.in_file(&format!("words/{language}.toml"));
            words.check(vocabulary).map_err(in_words)?;
            if let Some(name) = consequences.keys().find(|name| words.consequence(name).is_none()) {
                return Err(in_words(Fault::new("consequence", format!("`{name}` is missing"))));
            }
            let public = self.public_words(language)?;
            for other in &languages {
                let same = public.check_against(&self.public_words(other)?);
                same.map_err(|fault| fault.in_file(&public_file(language)))?;
                words.check_against(&self.words(other)?).map_err(in_words)?;
                let against = phrases.check_against(&self.phrases(other)?);
                against.map_err(|fault| fault.in_file(&format!("phrases/{language}.toml")))?;
            }
        }
        Ok(())
    }

    /// Checks that every class of recipients has its notice, and that it is said what answers every item.
    pub(crate) fn check_rules<'a>(
        &self,
        rules: impl Iterator<Item = &'a Rule>,
        checklists: &BTreeMap<String, Checklist>,
    ) -> Result<(), RuleError> {
        let items = self.items()?;
        let of_checklists = checklists.values().flat_map(|checklist| &checklist.items);
        let usual = self.recipients.notice.values().flat_map(|class| &class.usual);
        let unknown = |item: &str| Fault::new("its items", format!("`{item}` is nowhere")).in_file("items.toml");
        if let Some(item) = of_checklists.chain(usual).find(|item| !items.knows(item)) {
            return Err(unknown(item));
        }
        for rule in rules {
            if !self.knows_class(&rule.recipient) {
                let fault = Fault::new(format!("rule `{}`", rule.id), format!("`{}` is nowhere", rule.recipient));
                return Err(fault.in_file("recipients.toml"));
            }
            if let Some(item) = rule.content.iter().find(|item| !items.knows(item)) {
                return Err(unknown(item));
            }
        }
        Ok(())
    }
}

fn public_file(language: &str) -> String {
    format!("public/{language}.toml")
}
