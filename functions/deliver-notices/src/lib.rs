//! Sends an approved notice to the people of a batch, for as long as there is time.
//!
//! That a mail to a person is begun is recorded before the mail service is called, so that whoever comes next, after an end of the time
//! or of the process, writes to nobody twice. Where the end came between the two, nobody knows, and nothing sends it again.

use incident::notification::delivery::{Addressee, Batch, Hand, Handed, Lists, ManyPeople, Names, Person};
use incident::notification::{Approval, Delivery, Draft, LegalReview};
use incident::ports::Mail;
use incident::records::{Key, Records, Versioned};
use incident::{Digest, Failure, Fault, IncidentId};
use jiff::{SignedDuration, Timestamp};
use platform::telemetry::count;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the longest mail may take, claim and outcome included.
const LONGEST_MAIL: SignedDuration = SignedDuration::from_secs(20);
/// The most that a batch takes of a list: the lines of [`Batch`] are at most 4 KiB each.
const MOST_BYTES: u64 = 64 << 20;
/// How often a mail is offered again to a mail service that says "later".
const OFFERS: i32 = 5;
/// Mails refused one after the other: then it is not about them.
const MOST_REFUSED: u32 = 10;

/// Delivers.
pub struct Deliverer<T, L, M, P> {
    /// The table.
    pub records: T,
    /// Holds the lists of people.
    pub lists: L,
    /// Sends mail.
    pub mail: M,
    /// Waits for so long.
    pub pause: P,
    /// How long one run delivers.
    pub longest_run: SignedDuration,
}

/// Which people get which text.
#[derive(Debug, Deserialize)]
pub struct BatchTask {
    /// The incident.
    pub incident: IncidentId,
    /// The obligation.
    pub obligation: String,
    /// The digest of the text and its audience.
    pub digest: Digest,
    /// The people.
    pub batch: Batch,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BatchDelivery {
    /// Whether nothing more of it will come.
    pub state: Progress,
    /// How many mails this run has sent.
    pub sent: u32,
}

/// Whether a batch is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// It goes on with the next call.
    InProgress,
    /// A mail to each was begun.
    Delivered,
}

/// A person of the batch.
struct Recipient {
    name: String,
    key: Key,
    person: Person,
}

impl<T: Records, L: Lists, M: Mail, P: AsyncFn(SignedDuration)> Deliverer<T, L, M, P> {
    /// Sends to those of a batch to whom no mail was begun. Called until it says `delivered`.
    ///
    /// # Errors
    /// `Rejected` without an approval of exactly this text and audience; `Transient` where a service says "later" or did not say
    /// whether it took a mail; `NeedsOperator` where the mail service refuses everything.
    pub async fn deliver(
        &self,
        task: BatchTask,
        deadline: Timestamp,
        clock: impl Fn() -> Timestamp,
    ) -> Result<BatchDelivery, Failure> {
        let (draft, many) = self.approved(&task).await?;
        let people = self.people(&task, &many).await?;
        let keys: Vec<Key> = people.iter().map(|recipient| recipient.key.clone()).collect();
        let begun: Vec<Option<Versioned<Addressee>>> = self.records.read(&keys).await?;
        let stop = stop(clock(), self.longest_run, deadline);
        let pause = SignedDuration::from_millis(many.pace.pause_milliseconds.try_into().unwrap_or(i64::MAX));
        let hand = Hand { records: &self.records, mail: &self.mail, draft: &draft };
        let (mut delivery, mut refused) = (BatchDelivery { state: Progress::Delivered, sent: 0 }, 0);
        let mut next_at = clock();
        for (recipient, _) in people.iter().zip(begun).filter(|(_, begun)| begun.is_none()) {
            if delivery.sent > 0 && clock() >= stop {
                delivery.state = Progress::InProgress;
                break;
            }
            let early = next_at.duration_since(clock());
            if early.is_positive() {
                (self.pause)(early).await;
            }
            next_at = clock().saturating_add(pause).unwrap_or(next_at);
            match self.offer(&hand, recipient, &clock).await? {
                Handed::Sent => {
                    count("NoticesSent", 1);
                    delivery.sent += 1;
                    refused = 0;
                }
                Handed::Refused => {
                    count("NoticesRefused", 1);
                    refused += 1;
                }
                Handed::Before => {}
                Handed::Unknown(failure) => {
                    count("NoticesUnknown", 1);
                    // Whatever is wrong may pass; each further mail now would be another of which nobody knows.
                    return Err(
                        Failure::transient("the mail service did not say whether it took a mail").because(failure)
                    );
                }
            }
            if refused >= MOST_REFUSED {
                return Err(Failure::needs_operator("the mail service refuses one mail after the other"));
            }
        }
        Ok(delivery)
    }

    /// The text and its audience, if counsel approved both and their delivery has begun.
    async fn approved(&self, task: &BatchTask) -> Result<(Draft, ManyPeople), Failure> {
        let (incident, obligation) = (&task.incident, &task.obligation);
        let delivery: Delivery =
            self.records.require(&Key::delivery(incident, obligation), "delivery of this notice").await?;
        let version = delivery.version;
        let draft: Draft =
            self.records.require(&Key::draft(incident, obligation, version), "draft of this version").await?;
        let review: LegalReview =
            self.records.require(&Key::review(incident, obligation, version), "review of this version").await?;
        let decision = review.decision.ok_or_else(|| Failure::rejected("counsel has not decided"))?;
        let approval = Approval::from_decision(&decision, &draft)
            .map_err(|error| Failure::rejected("the text is not approved").because(error))?;
        let many = delivery.many.filter(|many| draft.audience.as_ref() == Some(&many.audience));
        match many {
            Some(many) if *approval.digest() == task.digest && delivery.digest == task.digest => Ok((draft, many)),
            Some(_) | None => {
                Err(Failure::rejected("the text to send is not the one that was approved for these people"))
            }
        }
    }

    /// The people of the batch to whom a mail is a valid notice.
    async fn people(&self, task: &BatchTask, many: &ManyPeople) -> Result<Vec<Recipient>, Failure> {
        let (list, batch) = (&many.audience.list, &task.batch);
        let length = batch.to.checked_sub(batch.from).filter(|length| *length <= MOST_BYTES && batch.to <= list.bytes);
        if length.is_none() {
            return Err(Failure::rejected("a batch lies outside its list"));
        }
        let secret = self.lists.secret(&Names::secret_key(&task.incident, &task.obligation)).await?;
        let secret = secret.ok_or_else(|| {
            Failure::needs_operator("the secret of this delivery is gone: who was written to cannot be told")
        })?;
        let names = Names::new(&secret);
        let bytes = self.lists.read(list, batch.from..batch.to).await?;
        let lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        // What cannot be used was reported to counsel.
        let people = lines.filter_map(|line| many.format.person(line).ok()).filter(|person| person.mailbox().is_some());
        // Whoever stands there twice was reported, too.
        let mut named = BTreeSet::new();
        let people = people.map(|person| {
            let name = names.of(&person);
            Recipient { key: Key::addressee(&task.incident, &task.obligation, &name), name, person }
        });
        Ok(people.filter(|recipient| named.insert(recipient.name.clone())).collect())
    }

    /// Hands one mail over, and waits where the mail service says "later".
    async fn offer(
        &self,
        hand: &Hand<'_, T, M>,
        recipient: &Recipient,
        clock: &impl Fn() -> Timestamp,
    ) -> Result<Handed, Failure> {
        let Some(address) = recipient.person.mailbox() else { return Ok(Handed::Before) };
        let mut offers = 0;
        loop {
            offers += 1;
            match hand.to(&recipient.key, &recipient.name, address.as_str(), clock()).await {
                Err(failure) if failure.fault() == Fault::Transient && offers < OFFERS => {
                    (self.pause)(SignedDuration::from_millis(200) * 2_i32.pow(offers.unsigned_abs())).await;
                }
                handed => return handed,
            }
        }
    }
}

/// When to begin nothing more.
fn stop(now: Timestamp, longest_run: SignedDuration, deadline: Timestamp) -> Timestamp {
    let enough = now.saturating_add(longest_run).unwrap_or(now);
    enough.min(deadline.saturating_sub(LONGEST_MAIL).unwrap_or(now))
}
