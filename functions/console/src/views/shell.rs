//! What is around every page: who is signed in, where one can go, the files that it loads.

use crate::assets::address;

/// A place that the head of every page leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The incidents.
    Incidents,
    /// What waits for counsel.
    Reviews,
    /// The register of breaches.
    Register,
    /// What people ask about their own data.
    Requests,
    /// What customers may be told.
    Support,
}

impl Section {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Incidents, Self::Reviews, Self::Register, Self::Requests, Self::Support];

    /// Its path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Incidents => "/incidents",
            Self::Reviews => "/reviews",
            Self::Register => "/register",
            Self::Requests => "/requests",
            Self::Support => "/support",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Incidents => "Incidents",
            Self::Reviews => "Legal review",
            Self::Register => "Register",
            Self::Requests => "Requests",
            Self::Support => "Support",
        }
    }
}

/// A link in the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub href: &'static str,
    /// What it says.
    pub label: &'static str,
    /// Whether the page is in it.
    pub is_current: bool,
}

/// Who reads the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// As people know them: an address or a name.
    pub name: String,
    /// Their roles, in words.
    pub roles: String,
    /// What a form of theirs has to bring along.
    pub csrf: String,
}

/// What is around a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    /// The title of the page, without the name of the console.
    pub title: String,
    /// Who reads it; `None` for nobody in particular.
    pub reader: Option<Reader>,
    /// Where they can go.
    pub links: Vec<Link>,
    /// The address of the style sheet.
    pub css: String,
    /// The address of the script.
    pub js: String,
    /// The address of the icon.
    pub icon: String,
}

impl Shell {
    /// Around a page for a reader who may go where `may` says.
    pub fn of(title: impl Into<String>, reader: Reader, at: Option<Section>, may: impl Fn(Section) -> bool) -> Self {
        let open = Section::ALL.into_iter().filter(|section| may(*section));
        let links =
            open.map(|section| Link { href: section.path(), label: section.label(), is_current: Some(section) == at });
        Self { links: links.collect(), reader: Some(reader), ..Self::for_anybody(title) }
    }

    /// Around a page for anybody.
    pub fn for_anybody(title: impl Into<String>) -> Self {
        let (css, js, icon) = (address("console.css"), address("console.js"), address("icon.svg"));
        Self { title: title.into(), reader: None, links: Vec::new(), css, js, icon }
    }

    /// What a form of the reader's brings along; empty for nobody, which no form passes with.
    pub fn csrf(&self) -> &str {
        self.reader.as_ref().map_or("", |reader| &reader.csrf)
    }
}
