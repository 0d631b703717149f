//! Makes the calls of a source, one after the other, and goes on where an earlier invocation stopped.

use crate::answers::name;
use crate::{Preserver, Run};
use incident::containment::ActionRunner;
use incident::evidence::source::{Call, Known, Service, read_answer, values};
use incident::evidence::{Cursor, EvidenceItem, Preservation, Progress, Source};
use incident::ports::{SourceReader, Vault};
use incident::records::{Records, Versioned};
use incident::{Failure, Fault};
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeMap;

/// After this time what a source has not answered is a gap.
pub(crate) const PATIENCE: SignedDuration = SignedDuration::from_hours(12);

/// How often an answer that is not ready is asked for again, after 2, 4, 8 … 60 seconds.
pub(crate) const MOST_ASKED: u32 = 8;

/// After this many pages it is written down how far a listing is.
const PAGES_A_SAVE: usize = 20;

/// What a call came to.
pub(crate) enum Came {
    /// To its end.
    Over,
    /// To a point at which it is gone on with later.
    Later,
}

impl<T: Records, V: Vault, G, A: ActionRunner, S: SourceReader, F> Preserver<T, V, G, A, S, F> {
    /// Takes what is not taken of a source: its calls, then its documents. Whether all is taken now.
    pub(crate) async fn take_source(
        &self,
        run: &Run<'_>,
        source: &Source,
        held: &mut Versioned<Preservation>,
    ) -> Result<bool, Failure> {
        let Some(parts) = source.parts(&held.record.item.subject) else {
            self.gap(&mut held.record, "item", "the id is not of the form that this source knows");
            return Ok(true);
        };
        let mut answers = self.answers(source, &held.record, &cursor(held)).await?;
        while let Some(call) = source.calls.get(cursor(held).part) {
            if call.is_about(&held.record.item) {
                match self.take_call(run, call, source, &parts, &mut answers, held).await {
                    Ok(Came::Over) => {}
                    Ok(Came::Later) => return Ok(false),
                    Err(failure) if failure.fault() == Fault::Transient => return Err(failure),
                    // An account that cannot be reached answers no further call either.
                    Err(failure) => {
                        self.gap(&mut held.record, "item", failure.to_string());
                        return Ok(true);
                    }
                }
            }
            set(held, Cursor { part: cursor(held).part + 1, ..Cursor::default() });
        }
        let is_made = self.take_documents(run, source, &parts, &mut answers, held).await?;
        if !is_made || !self.take_searches(run, source, &parts, &answers, held).await? {
            return Ok(false);
        }
        let item = held.record.item.clone();
        let known = self.known(run, source, &parts, &item, &held.record, &answers);
        for absence in source.gaps.iter().filter(|absence| absence.is_found(&known)) {
            self.gap(&mut held.record, &absence.name, absence.reason.clone());
        }
        Ok(true)
    }

    pub(crate) fn known<'a>(
        &'a self,
        run: &'a Run<'_>,
        source: &'a Source,
        parts: &'a BTreeMap<String, String>,
        item: &'a EvidenceItem,
        preservation: &Preservation,
        answers: &'a BTreeMap<String, Vec<Value>>,
    ) -> Known<'a> {
        Known {
            incident: &run.incident.id,
            item,
            source,
            parts,
            region: item.region.as_deref().unwrap_or(&self.home_region),
            partition: &self.partition,
            destination: &self.destination,
            window: self.window(run, preservation),
            each: &[],
            answers,
        }
    }

    async fn take_call(
        &self,
        run: &Run<'_>,
        call: &Call,
        source: &Source,
        parts: &BTreeMap<String, String>,
        answers: &mut BTreeMap<String, Vec<Value>>,
        held: &mut Versioned<Preservation>,
    ) -> Result<Came, Failure> {
        let Some(service) = call.spoken_to() else {
            self.gap(&mut held.record, &call.name, "no service of this name is known");
            return Ok(Came::Over);
        };
        let item = held.record.item.clone();
        let before = answers.clone();
        let known = self.known(run, source, parts, &item, &held.record, &before);
        let mut known = known;
        if let Some(since) = call.kept_since(&known, held.record.begun_at) {
            known.window.from = since;
            self.gap(&mut held.record, &call.name, format!("the source keeps nothing from before {since}"));
        }
        let rounds = call.rounds(&known);
        if rounds.is_empty() {
            // Where the call before it was not answered, that gap says it all.
            let is_answered =
                call.each.iter().all(|list| list.split(':').next().is_some_and(|of| answers.contains_key(of)));
            if let Some(without) = call.without.as_ref().filter(|_| is_answered) {
                self.gap(&mut held.record, &call.name, without.clone());
            }
        }
        let is_needed = source.needs(call);
        for (round, each) in rounds.iter().enumerate().skip(cursor(held).each) {
            let known = Known { each, ..known.clone() };
            set(held, Cursor { each: round, ..cursor(held) });
            let heard = if is_needed { Some(answers.entry(call.name.clone()).or_default()) } else { None };
            match self.take_pages(run, call, service, &known, heard, held).await? {
                Came::Over => set(held, Cursor { part: cursor(held).part, each: round + 1, ..Cursor::default() }),
                Came::Later => return Ok(Came::Later),
            }
        }
        if is_needed && answers.get(&call.name).is_some_and(Vec::is_empty) {
            answers.remove(&call.name);
        }
        Ok(Came::Over)
    }

    async fn take_pages(
        &self,
        run: &Run<'_>,
        call: &Call,
        service: &Service,
        known: &Known<'_>,
        mut heard: Option<&mut Vec<Value>>,
        held: &mut Versioned<Preservation>,
    ) -> Result<Came, Failure> {
        loop {
            let at = cursor(held);
            if (self.clock)() >= run.until {
                return Ok(Came::Later);
            }
            let request = match call.request(service, known, &at.tokens) {
                Ok(request) => request,
                Err(unfilled) => {
                    // A member of a list that lacks the part is none of those that the call is about.
                    if !unfilled.0.starts_with("each") {
                        self.gap(&mut held.record, &call.name, unfilled.to_string());
                    }
                    return Ok(Came::Over);
                }
            };
            let answered = match self.sources.ask(&known.item.place(), &request).await {
                Ok(answered) => answered,
                Err(failure) if failure.fault() == Fault::Transient => {
                    return Ok(self.ask_again(&call.name, held, PATIENCE, u32::MAX, &failure.to_string()));
                }
                Err(failure) => return Err(failure),
            };
            if let Some(code) = answered.code {
                if call.absent.contains(&code) {
                    self.keep(&held.record, &name(call, at.each, at.page), answered.body, &call.api()).await?;
                    if let Some(heard) = heard.as_deref_mut() {
                        heard.push(Value::Null);
                    }
                } else {
                    self.gap(&mut held.record, &call.name, format!("{} answers `{code}`", call.api()));
                }
                return Ok(Came::Over);
            }
            let answer = read_answer(call.form(), &answered.body);
            if !is_ready(call, &answer) {
                return Ok(self.ask_again(&call.name, held, PATIENCE, MOST_ASKED, "the answer is not ready"));
            }
            self.keep(&held.record, &name(call, at.each, at.page), answered.body, &call.api()).await?;
            if let Some(named) = &call.names_objects {
                self.order_named(known, named, &answer).await?;
            }
            let tokens = tokens(call, &answer);
            if let Some(heard) = heard.as_deref_mut() {
                heard.push(answer);
            }
            if tokens.is_empty() {
                return Ok(Came::Over);
            }
            let page = at.page + 1;
            if page >= call.most {
                self.gap(&mut held.record, &call.name, format!("cut after {page} pages: there is more at the source"));
                return Ok(Came::Over);
            }
            set(held, Cursor { page, tokens, asked: 0, ..at });
            if page.is_multiple_of(PAGES_A_SAVE) {
                self.save(held).await?;
            }
        }
    }

    /// Leaves a part for later, or gives it up.
    pub(crate) fn ask_again(
        &self,
        part: &str,
        held: &mut Versioned<Preservation>,
        patience: SignedDuration,
        most: u32,
        why: &str,
    ) -> Came {
        let at = cursor(held);
        let waited = (self.clock)().duration_since(held.record.begun_at);
        if at.asked >= most || waited > patience {
            self.gap(&mut held.record, part, format!("{why}, after {} attempts", at.asked + 1));
            return Came::Over;
        }
        set(held, Cursor { asked: at.asked + 1, in_hand: false, ..at });
        Came::Later
    }
}

/// Where the item is gone on with.
pub(crate) fn cursor(held: &Versioned<Preservation>) -> Cursor {
    match &held.record.progress {
        Progress::AtWork { next } => next.clone(),
        Progress::Done { .. } => Cursor::default(),
    }
}

pub(crate) fn set(held: &mut Versioned<Preservation>, next: Cursor) {
    held.record.progress = Progress::AtWork { next };
}

fn is_ready(call: &Call, answer: &Value) -> bool {
    call.until.iter().all(|(pointer, wanted)| {
        values(answer, pointer)
            .iter()
            .any(|value| value.as_str().is_some_and(|text| wanted.iter().any(|one| one == text)))
    })
}

/// What the listing goes on with; empty at its end.
fn tokens(call: &Call, answer: &Value) -> BTreeMap<String, String> {
    let token = |(parameter, pointer): (&String, &String)| {
        let value = values(answer, pointer).first().and_then(|value| value.as_str())?;
        (!value.is_empty()).then(|| (parameter.clone(), value.to_owned()))
    };
    call.pages.iter().filter_map(token).collect()
}
