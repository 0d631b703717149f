//! A request on record.

use super::{Asked, Deed, DeedRefused, Link, Reference, RequestKind, Residence, Term};
use crate::Digest;
use crate::notification::Rules;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a settled request is kept, in seconds: three years, within which an authority may ask how it was answered (11 CCR 7101(a)
/// asks for two; a fine under the GDPR lapses after three in Germany, OWiG § 31(2) no. 1).
const KEPT_SECONDS: i64 = 3 * 366 * 86_400;

/// Something that a person of the privacy team did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// What.
    pub deed: Deed,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why; empty where nothing was said.
    pub reason: String,
}

/// That the time to answer was extended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Until when.
    pub due_at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It waits for an answer.
    Open,
    /// It was done.
    Answered,
    /// It was refused, with the reason.
    Refused,
}

/// A request that its sender has confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyRequest {
    /// How people name it.
    pub reference: Reference,
    /// The digest of the link that confirmed it.
    pub(super) link: Digest,
    /// What is asked for.
    pub kind: RequestKind,
    /// Where the person lives, as they say.
    pub residence: Residence,
    /// Where the answer goes.
    pub email: String,
    /// What the person adds.
    pub words: String,
    /// The language of the person's form.
    pub language: String,
    /// When the form came: the clocks run from here.
    pub received_at: Timestamp,
    /// When the link was used.
    pub confirmed_at: Timestamp,
    /// By when it is answered.
    pub term: Term,
    /// When the receipt was mailed; `None` until it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_mailed_at: Option<Timestamp>,
    /// Whether the time was extended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// What was done about it, in order.
    #[serde(default)]
    pub acts: Vec<Act>,
    /// When the privacy team was reminded: by the share of the time, in percent, and the time that it was due then.
    #[serde(default)]
    pub(super) reminded: BTreeMap<String, Timestamp>,
    /// When the table may forget it, in seconds since 1970; `None` while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) forget_at: Option<i64>,
}

impl PrivacyRequest {
    /// The request that a link confirms at `now`.
    pub(super) fn confirmed(link: &Link, asked: &Asked, term: Term, now: Timestamp) -> Self {
        Self {
            reference: link.reference(),
            link: link.digest().clone(),
            kind: asked.kind,
            residence: asked.residence,
            email: asked.email.clone(),
            words: asked.words.clone(),
            language: asked.language.clone(),
            received_at: asked.asked_at,
            confirmed_at: now,
            term,
            receipt_mailed_at: None,
            extension: None,
            acts: Vec::new(),
            reminded: BTreeMap::new(),
            forget_at: None,
        }
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        let settled = self.acts.iter().rev().find_map(|act| match act.deed {
            Deed::Answered => Some(Standing::Answered),
            Deed::Refused => Some(Standing::Refused),
            Deed::IdentityVerified | Deed::Extended => None,
        });
        settled.unwrap_or(Standing::Open)
    }

    /// By when it is answered, with an extension where there is one.
    pub fn due_at(&self) -> Timestamp {
        self.extension.as_ref().map_or(self.term.due_at, |extension| extension.due_at)
    }

    /// Whether somebody has made sure who the person is.
    pub fn is_verified(&self) -> bool {
        self.acts.iter().any(|act| act.deed == Deed::IdentityVerified)
    }

    /// The day of a time of this request, as readers of the language write it, in the zone that its last day ends in; in ISO 8601 where
    /// the language is not known.
    pub fn day(&self, at: Timestamp, language: &str, rules: &Rules) -> String {
        let zone = self.term.zone();
        let place = self.residence.jurisdiction().unwrap_or_default();
        rules.written_day(at, &zone, language, place).unwrap_or_else(|| at.to_zoned(zone).date().to_string())
    }

    /// The moment that its form came, as readers of the language write it.
    pub fn moment(&self, at: Timestamp, language: &str, rules: &Rules) -> String {
        let place = self.residence.jurisdiction().unwrap_or_default();
        let written = rules.written_moment(at, &TimeZone::UTC, language, place);
        written.unwrap_or_else(|| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
    }

    /// Records that something was done.
    ///
    /// # Errors
    /// Why it does not count. The request is then as it was.
    pub fn take(&mut self, deed: Deed, reason: &str, by: &str, now: Timestamp) -> Result<(), DeedRefused> {
        let reason = reason.trim();
        if self.standing() != Standing::Open {
            return Err(DeedRefused::Settled);
        }
        if deed.needs_reason() && reason.is_empty() {
            return Err(DeedRefused::ReasonMissing);
        }
        match deed {
            Deed::Extended => self.extend(reason, now)?,
            Deed::IdentityVerified if self.is_verified() => return Err(DeedRefused::VerifiedBefore),
            Deed::IdentityVerified | Deed::Answered | Deed::Refused => {}
        }
        self.acts.push(Act { deed, by: by.to_owned(), at: now, reason: reason.to_owned() });
        if self.standing() != Standing::Open {
            self.forget_at = Some(now.as_second().saturating_add(KEPT_SECONDS));
        }
        Ok(())
    }

    fn extend(&mut self, reason: &str, now: Timestamp) -> Result<(), DeedRefused> {
        let due_at = self.term.extends_to.ok_or(DeedRefused::NoExtension)?;
        if self.extension.is_some() {
            return Err(DeedRefused::ExtendedBefore);
        }
        if now > self.term.due_at {
            return Err(DeedRefused::TooLate);
        }
        self.extension = Some(Extension { due_at, reason: reason.to_owned() });
        Ok(())
    }
}
