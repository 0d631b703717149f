//! Notices on the public pages: the page that counsel approves together with the text, where it lies, and the record that it is out.

mod words;

pub(crate) use words::PublicWords;

use super::context::{Context, Sender};
use super::notices::Notices;
use super::page::Pages;
use super::rules::RuleError;
use crate::Digest;
use crate::fault::Failure;
use crate::organisation::PublicOrigin;
use crate::record::IncidentId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The file that an address with `/` at its end stands for.
const INDEX: &str = "index.html";

/// A page that anybody may read once counsel has approved it: complete in itself, and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicPage {
    /// Its path below the public origin, and in the bucket: `notices/<incident>/<obligation>/<language>/index.html`.
    pub path: String,
    /// All of it.
    pub html: String,
}

/// That a page is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The version of the draft.
    pub version: u32,
    /// The digest of the draft, which covers the page.
    pub digest: Digest,
    /// Where anybody reads it.
    pub address: String,
    /// When it was put there.
    pub published_at: Timestamp,
}

/// Where the public pages lie.
#[expect(async_fn_in_trait, reason = "handlers are generic over the port and run on one thread")]
pub trait PublicSite {
    /// Puts a page up. The same page twice is one; another one at its path is refused, since what was approved there stays as it is.
    async fn put_up(&self, page: &PublicPage, language: &str) -> Result<(), Failure>;
}

impl PublicPage {
    /// Where anybody reads it.
    pub fn address(&self, origin: &PublicOrigin) -> String {
        format!("{origin}/{}", self.folder())
    }

    /// The path at which it is read, below the origin.
    pub fn folder(&self) -> &str {
        self.path.strip_suffix(INDEX).unwrap_or(&self.path)
    }

    /// The page of a notice, from its body in HTML.
    pub(crate) fn write(
        notices: &Notices,
        pages: &Pages<'_>,
        origin: &PublicOrigin,
        notice: NoticeBody<'_>,
    ) -> Result<Self, RuleError> {
        let Context { language, organisation, .. } = notice.context;
        let around = Around {
            language,
            subject: notice.subject,
            body: notice.html,
            words: notices.public_words(language)?,
            organisation,
            telephone: telephone(&organisation.phone),
            request_form: format!("{origin}/requests?lang={language}"),
        };
        let path = format!("notices/{}/{}/{language}/{INDEX}", notice.incident, notice.obligation);
        Ok(Self { path, html: pages.public(&around)? })
    }
}

/// The notice that a page is made of.
pub(crate) struct NoticeBody<'a> {
    pub(crate) incident: &'a IncidentId,
    pub(crate) obligation: &'a str,
    pub(crate) context: &'a Context,
    pub(crate) subject: &'a str,
    /// Its HTML, without what is around it in a mail.
    pub(crate) html: &'a str,
}

/// The variables of the page's template.
#[derive(Serialize)]
pub(crate) struct Around<'a> {
    language: &'a str,
    subject: &'a str,
    body: &'a str,
    words: PublicWords,
    organisation: &'a Sender,
    telephone: String,
    request_form: String,
}

/// A number as `tel:` takes it (RFC 3966): what people put between the digits is for people.
fn telephone(written: &str) -> String {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() || !written.trim_start().starts_with('+') { digits } else { format!("+{digits}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_at_the_folder_that_it_lies_in() {
        let origin = PublicOrigin::try_from("https://notices.shop.example".to_owned()).unwrap();
        let page = PublicPage { path: "notices/inc-1/eu-gdpr-34-1/de/index.html".to_owned(), html: String::new() };
        assert_eq!(page.address(&origin), "https://notices.shop.example/notices/inc-1/eu-gdpr-34-1/de/");
    }

    #[test]
    fn a_number_is_dialled_without_what_is_between_its_digits() {
        for (written, dialled) in
            [("+49 30 0000000", "+49300000000"), ("(555) 010-0199", "5550100199"), ("", ""), ("on request", "")]
        {
            assert_eq!(telephone(written), dialled, "{written}");
        }
    }
}
