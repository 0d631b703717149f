//! Sends findings to intake that the event bus lost.
//!
//! Every list (a source in a region) is read from its watermark, one page in turn with the others, so that a long list
//! holds up no other. The watermark moves after a page was sent: a run that breaks off repeats at most one page.

use incident::ports::{FeedPage, FindingFeed, FindingQueue, ListedFinding, Window};
use incident::reconciliation::{Standing, Sweep, Watermark};
use incident::records::{FindingRecord, Key, Records};
use incident::sources::translate;
use incident::{Failure, Fault};
use jiff::{SignedDuration, Timestamp};
use platform::telemetry::{Level, count, log};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a page may take: two calls to a service that throttles, a hundred reads of records, ten batches to the queue.
const LONGEST_PAGE: SignedDuration = SignedDuration::from_secs(30);

/// The reconciliation of intake with the services that make findings.
pub struct Reconciliation<T, F, Q> {
    /// The table.
    pub records: T,
    /// The lists of findings.
    pub feeds: Vec<F>,
    /// The queue in front of intake.
    pub queue: Q,
    /// How far back a list is read that was never read before.
    pub look_back_hours: u32,
    /// How long the event of a new finding may be on its way before it counts as lost.
    pub delivery_minutes: u32,
}

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// Findings that were listed, repeats of the overlap among them.
    pub listed: u64,
    /// Findings that were sent to intake.
    pub sent: u64,
    /// Those among them that intake did not know at all.
    pub missed: u64,
    /// Services that are not in use, as `source region`.
    pub off: Vec<String>,
    /// Whether the time was up before every list was read. The next run goes on there.
    pub more: bool,
}

/// A list that is being read.
struct Reading<'f, F> {
    feed: &'f F,
    key: Key,
    watermark: Watermark,
    sweep: Sweep,
    window: Window,
    cursor: Option<String>,
}

/// The findings that this run sent, by identity: Security Hub lists copies of what GuardDuty lists.
type Sent = BTreeMap<String, Option<Timestamp>>;

impl<T: Records, F: FindingFeed, Q: FindingQueue> Reconciliation<T, F, Q> {
    /// Reads every list to its end, or until too little time is left before `deadline` for another page.
    ///
    /// # Errors
    /// The gravest failure of a list. The other lists were read all the same, and what was sent is not sent again.
    pub async fn run(&self, deadline: Timestamp, clock: impl Fn() -> Timestamp) -> Result<Reconciled, Failure> {
        let stop = deadline.checked_sub(LONGEST_PAGE).unwrap_or(deadline);
        let now = clock();
        let mut done = Reconciled::default();
        let mut sent = Sent::new();
        let mut failure = None;
        let mut readings = Vec::new();
        for feed in &self.feeds {
            match self.begin(feed, now).await {
                Ok(reading) => readings.push(reading),
                Err(error) => failure = Some(graver(failure, error)),
            }
        }
        while !readings.is_empty() {
            let mut unread = Vec::new();
            for mut reading in readings {
                if clock() >= stop {
                    done.more = true;
                    continue;
                }
                match self.read_page(&mut reading, now, &mut sent, &mut done).await {
                    Ok(is_end) if is_end => {}
                    Ok(_) => unread.push(reading),
                    Err(error) => failure = Some(graver(failure, error)),
                }
            }
            readings = unread;
        }
        count("FindingsReconciled", done.sent);
        count("FindingsMissed", done.missed);
        if done.missed > 0 {
            let missed = done.missed.to_string();
            log(Level::Error, "intake had not seen findings that are long made", &[("findings.missed", &missed)]);
        }
        failure.map_or(Ok(done), Err)
    }

    async fn begin<'f>(&self, feed: &'f F, now: Timestamp) -> Result<Reading<'f, F>, Failure> {
        let key = Key::watermark(feed.source(), feed.region());
        let from = now.checked_sub(SignedDuration::from_hours(self.look_back_hours.into())).unwrap_or(Timestamp::MIN);
        let watermark = match self.records.get(&key).await? {
            Some(watermark) => watermark,
            None => self.records.create(&key, &Watermark::starting_at(from)).await?.0,
        };
        let sweep = watermark.sweep(now);
        let window = Window { since: sweep.reached, until: now };
        Ok(Reading { feed, key, watermark, sweep, window, cursor: None })
    }

    /// Reads a page, sends what intake lacks, and then moves the watermark. Answers whether the list is at its end.
    async fn read_page(
        &self,
        reading: &mut Reading<'_, F>,
        now: Timestamp,
        sent: &mut Sent,
        done: &mut Reconciled,
    ) -> Result<bool, Failure> {
        let FeedPage { findings, next, is_off } = reading.feed.page(reading.window, reading.cursor.as_deref()).await?;
        if is_off {
            done.off.push(format!("{} {}", reading.feed.source(), reading.feed.region()));
            return Ok(true);
        }
        let mut documents = Vec::new();
        let mut missed = 0;
        let updates: Vec<Timestamp> = findings.iter().filter_map(|listed| listed.updated_at).collect();
        done.listed += findings.len() as u64;
        for listed in findings {
            let standing = self.standing(&listed, reading.watermark.swept_to, now, sent).await?;
            if standing.is_sent() {
                documents.push(listed.document);
                missed += u64::from(standing == Standing::Missed);
            }
        }
        self.queue.send(&documents).await?;
        done.sent += documents.len() as u64;
        done.missed += missed;
        reading.sweep.pass(updates);
        reading.cursor = next;
        let is_end = reading.cursor.is_none();
        self.advance(reading, is_end).await?;
        Ok(is_end)
    }

    async fn advance(&self, reading: &mut Reading<'_, F>, is_end: bool) -> Result<(), Failure> {
        let mut moved = reading.watermark;
        moved.advance(reading.sweep, is_end);
        if moved != reading.watermark {
            let sweep = reading.sweep;
            reading.watermark = self
                .records
                .update(&reading.key, |watermark: &mut Watermark| {
                    watermark.advance(sweep, is_end);
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }

    /// What the findings of a document are to intake; the one that matters most counts.
    async fn standing(
        &self,
        listed: &ListedFinding,
        swept_to: Timestamp,
        now: Timestamp,
        sent: &mut Sent,
    ) -> Result<Standing, Failure> {
        let delivered = now.checked_sub(SignedDuration::from_mins(self.delivery_minutes.into())).unwrap_or(now);
        let is_young = listed.created_at.is_some_and(|created| created > delivered);
        let mut gravest = Standing::Known;
        for finding in translate(&listed.document).unwrap_or_else(|unreadable| vec![Err(unreadable)]) {
            let standing = match &finding {
                // Intake keeps it with the dead letters, and not again for as long as the overlap lists it.
                Err(_) if listed.updated_at.is_some_and(|updated| updated > swept_to) => Standing::Missed,
                Err(_) => Standing::Known,
                Ok(finding)
                    if sent.get(finding.identity()).is_some_and(|last_seen| *last_seen >= finding.last_seen) =>
                {
                    Standing::Known
                }
                Ok(finding) => {
                    let record: Option<FindingRecord> = self.records.get(&Key::finding(finding.identity())).await?;
                    Standing::of(finding, record.as_ref().map(|record| &record.finding), is_young)
                }
            };
            if let (Ok(finding), true) = (finding, standing.is_sent()) {
                sent.insert(finding.identity().to_owned(), finding.last_seen);
            }
            gravest = gravest.max(standing);
        }
        Ok(gravest)
    }
}

/// The failure that a person should see first: what a repeat cannot mend goes before what it can.
fn graver(known: Option<Failure>, next: Failure) -> Failure {
    match known {
        Some(known) if known.fault() != Fault::Transient || next.fault() == Fault::Transient => known,
        _ => next,
    }
}
