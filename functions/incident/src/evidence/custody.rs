//! The custody log: who did what to which evidence, when, why and from which role, each entry chained to the one before by its hash.

use super::Gap;
use crate::Digest;
use crate::fault::Failure;
use crate::record::IncidentId;
use crate::records::{Key, MOST_WRITES, Records, Write};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The `previous` of the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// An item was put into the vault: `sha256` is that of its files' list, see [`super::file::sums`].
    Preserved,
    /// Part of an item could not be had, and why.
    GapRecorded,
    /// The manifest was written: `sha256` is its digest.
    Sealed,
    /// Somebody read what there is.
    Listed,
    /// Somebody was given a file.
    Fetched,
    /// Somebody had evidence kept beyond the end of its retention.
    Held,
    /// Somebody ended such a hold.
    HoldEnded,
    /// Somebody asked that personal data be erased, which the lock does not allow: `reason` gives the legal basis of keeping it.
    ErasureRefused,
}

impl Deed {
    /// Its word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preserved => "preserved",
            Self::GapRecorded => "gap-recorded",
            Self::Sealed => "sealed",
            Self::Listed => "listed",
            Self::Fetched => "fetched",
            Self::Held => "held",
            Self::HoldEnded => "hold-ended",
            Self::ErasureRefused => "erasure-refused",
        }
    }

    /// Whether doing it twice is two deeds: each access counts, and the same content is preserved only once.
    fn counts_each_time(self) -> bool {
        match self {
            Self::Preserved | Self::GapRecorded | Self::Sealed => false,
            Self::Listed | Self::Fetched | Self::Held | Self::HoldEnded | Self::ErasureRefused => true,
        }
    }
}

/// Who has evidence in hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custodian {
    /// The function, or the ARN of a person.
    pub name: String,
    /// The ARN of the role that it was done with.
    pub role: String,
}

impl Custodian {
    /// A person, by the ARN that a request was signed with. Of a session of a role, the role is the one that was assumed; its
    /// path is not part of a session's ARN.
    pub fn person(arn: &str) -> Self {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let role = match parts.as_slice() {
            ["arn", partition, "sts", _, account, session] => session
                .strip_prefix("assumed-role/")
                .and_then(|session| session.split('/').next())
                .map(|role| format!("arn:{partition}:iam::{account}:role/{role}")),
            _ => None,
        };
        Self { name: arn.to_owned(), role: role.unwrap_or_else(|| arn.to_owned()) }
    }
}

/// One entry of the log: one line of `custody.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyEntry {
    /// 1 for the first entry, then without a gap.
    pub sequence: u64,
    /// The incident.
    pub incident: IncidentId,
    /// When, in UTC.
    pub at: Timestamp,
    /// Who did it: a function, or the ARN of a person.
    pub custodian: String,
    /// The ARN of the role that it was done with.
    pub role: String,
    /// What was done.
    pub deed: Deed,
    /// The path below the incident's folder: of an item, its folder.
    pub path: String,
    /// The digest that the deed is about; `None` for a gap.
    pub sha256: Option<Digest>,
    /// Why.
    pub reason: String,
    /// The hash of the entry before.
    pub previous: String,
    /// The SHA-256 of all the fields above, each preceded by its length.
    pub hash: Digest,
}

/// What an entry says, before it has a place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Who did it.
    pub custodian: Custodian,
    /// What was done.
    pub deed: Deed,
    /// The path below the incident's folder.
    pub path: String,
    /// The digest that the deed is about.
    pub sha256: Option<Digest>,
    /// Why.
    pub reason: String,
}

impl CustodyEntry {
    /// The entry that follows `last` (`None`: the first).
    pub fn after(last: Option<&Head>, incident: IncidentId, at: Timestamp, statement: Statement) -> Self {
        let mut entry = Self {
            sequence: last.map_or(1, |last| last.sequence + 1),
            incident,
            at,
            custodian: statement.custodian.name,
            role: statement.custodian.role,
            deed: statement.deed,
            path: statement.path,
            sha256: statement.sha256,
            reason: statement.reason,
            previous: last.map_or_else(|| GENESIS.to_owned(), |last| last.hash.to_string()),
            hash: Digest::of(&[]),
        };
        entry.hash = entry.computed_hash();
        entry
    }

    /// The hash that the fields of this entry call for.
    pub fn computed_hash(&self) -> Digest {
        Digest::of_parts(&[
            &self.sequence.to_string(),
            self.incident.as_str(),
            &self.at.to_string(),
            &self.custodian,
            &self.role,
            self.deed.as_str(),
            &self.path,
            self.sha256.as_ref().map_or("", Digest::as_str),
            &self.reason,
            &self.previous,
        ])
    }

    /// Its place at the end of the chain.
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash.clone() }
    }
}

/// The end of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Of the last entry.
    pub sequence: u64,
    /// Of the last entry.
    pub hash: Digest,
}

/// That a statement is in the log, and where.
#[derive(Serialize, Deserialize)]
struct Entered {
    sequence: u64,
}

/// How often an entry is tried when others enter at the same time.
const ENTRY_ATTEMPTS: u32 = 40;

/// How many statements are entered at once: each is two writes of a transaction, and the end of the chain is one.
const MOST_AT_ONCE: usize = (MOST_WRITES - 1) / 2;

impl Custodian {
    /// What is stated of an item that is done, in `folder`: each of its gaps, then that it is preserved, over the sums of its files.
    pub fn statements(
        &self,
        incident: &IncidentId,
        folder: &str,
        gaps: &[Gap],
        sums: &Digest,
        at: Timestamp,
    ) -> Vec<(Timestamp, Statement)> {
        let state = |deed, path, sha256, reason| Statement { custodian: self.clone(), deed, path, sha256, reason };
        let missing = gaps.iter().map(|gap| {
            let path = format!("{folder}/{}", gap.part);
            (gap.found_at, state(Deed::GapRecorded, path, None, gap.reason.clone()))
        });
        let why = format!("response to {incident}");
        let preserved = state(Deed::Preserved, folder.to_owned(), Some(sums.clone()), why);
        missing.chain([(at, preserved)]).collect()
    }
}

/// Enters a statement into the incident's log. What is preserved, found missing or sealed is entered once, however often that is
/// tried; every access is an entry of its own.
///
/// # Errors
/// `Transient` if others kept entering at the same time.
pub async fn enter(
    records: &impl Records,
    incident: &IncidentId,
    at: Timestamp,
    statement: &Statement,
) -> Result<CustodyEntry, Failure> {
    enter_all(records, incident, &[(at, statement.clone())]).await?;
    let mark = mark(incident, at, statement);
    let entered: Entered = records.require(&mark, "mark of what was just entered").await?;
    records.require(&Key::custody(incident, entered.sequence), "custody entry of this number").await
}

/// Enters several statements in this order, each as [`enter`] does.
///
/// The entries, the end of the chain and the marks by which a repeat is known are written together or not at all.
///
/// # Errors
/// `Transient` if others kept entering at the same time.
pub async fn enter_all(
    records: &impl Records,
    incident: &IncidentId,
    statements: &[(Timestamp, Statement)],
) -> Result<(), Failure> {
    for some in statements.chunks(MOST_AT_ONCE) {
        enter_some(records, incident, some).await?;
    }
    Ok(())
}

async fn enter_some(
    records: &impl Records,
    incident: &IncidentId,
    statements: &[(Timestamp, Statement)],
) -> Result<(), Failure> {
    let marks: Vec<Key> = statements.iter().map(|(at, statement)| mark(incident, *at, statement)).collect();
    for _ in 0..ENTRY_ATTEMPTS {
        let known = records.read::<Entered>(&marks).await?;
        let head = records.read::<Head>(&[Key::custody_head(incident)]).await?.into_iter().next().flatten();
        let mut last = head.as_ref().map(|head| head.record.clone());
        let mut writes: Vec<Write> = Vec::new();
        for ((mark, known), (at, statement)) in marks.iter().zip(&known).zip(statements) {
            if known.is_some() || writes.iter().any(|write| write.key == *mark) {
                continue;
            }
            let entry = CustodyEntry::after(last.as_ref(), incident.clone(), *at, statement.clone());
            writes.push(Write::new(Key::custody(incident, entry.sequence), &entry, None)?);
            writes.push(Write::new(mark.clone(), &Entered { sequence: entry.sequence }, None)?);
            last = Some(entry.head());
        }
        let Some(last) = last.filter(|_| !writes.is_empty()) else { return Ok(()) };
        writes.push(Write::new(Key::custody_head(incident), &last, head.map(|head| head.version))?);
        if records.commit(writes).await? {
            return Ok(());
        }
    }
    Err(Failure::transient("others kept entering the same custody log"))
}

/// What a repeat is known by.
fn mark(incident: &IncidentId, at: Timestamp, statement: &Statement) -> Key {
    let Statement { custodian, deed, path, sha256, reason } = statement;
    let sha256 = sha256.as_ref().map_or("", Digest::as_str);
    let about = if deed.counts_each_time() {
        Digest::of_parts(&[deed.as_str(), path, sha256, &custodian.name, reason, &at.to_string()])
    } else {
        let why = if *deed == Deed::GapRecorded { reason.as_str() } else { "" };
        Digest::of_parts(&[deed.as_str(), path, sha256, why])
    };
    Key::custody_mark(incident, &about)
}

#[cfg(test)]
mod tests {
    use super::Custodian;

    #[test]
    fn the_role_of_a_person_is_the_one_that_was_assumed() {
        let role = |arn: &str| Custodian::person(arn).role;
        let session = "arn:aws-us-gov:sts::111122223333:assumed-role/Counsel/jane";
        assert_eq!(role(session), "arn:aws-us-gov:iam::111122223333:role/Counsel");
        assert_eq!(Custodian::person(session).name, session);
        for user in
            ["arn:aws:iam::111122223333:user/staff/jane", "arn:aws:sts::111122223333:federated-user/jane", "odd"]
        {
            assert_eq!(role(user), user);
        }
    }
}
