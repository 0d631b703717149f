//! The message that asks a person for a containment approval.

use super::Approval;
use super::approval::AskedStep;
use jiff::Timestamp;

/// How many steps a message lists. SNS takes 256 KB, and a mail of that size is not read.
const MOST_LISTED: usize = 50;

/// How often people are asked, until when they have time, and where they answer.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Which time this is, from 1.
    pub attempt: u32,
    /// How often at most.
    pub attempts: u32,
    /// When it is escalated.
    pub until: Timestamp,
    /// The function URL that takes the answer.
    pub url: &'a str,
}

impl Approval {
    /// One line, ASCII, at most 100 characters (SNS).
    pub fn subject(&self) -> String {
        format!("Tocsin: {} asks for approval of containment", self.incident)
    }

    /// What is asked, whom it hits, and how to answer. It never holds a task token: it goes by mail.
    pub fn message(&self, asking: &Asking<'_>) -> String {
        let Asking { attempt, attempts, until, url } = asking;
        let (incident, id) = (&self.incident, &self.id);
        let count = self.steps().count();
        let mut text =
            format!("Incident {incident}: containment waits for a person, approval {id}, steps: {count}.\n\n");
        let mut say = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        say("None of this is done until somebody approves it. Silence approves nothing.");
        say(&format!("Asked {attempt} of {attempts} times; at {until} this is escalated.\n"));
        let mut number = 0;
        for (place, wave) in self.waves.iter().enumerate() {
            if number < MOST_LISTED {
                say(&format!("Wave {}", place + 1));
            }
            for asked in wave {
                number += 1;
                if number <= MOST_LISTED {
                    say(&line(number, asked));
                }
            }
        }
        if number > MOST_LISTED {
            say(&format!("  … and {} more: `tocsin contain approvals` shows them all.", number - MOST_LISTED));
        }
        say(&format!(
            "\nAsked by: {}. Whoever asked cannot approve.",
            self.requested_by.as_deref().unwrap_or("a playbook")
        ));
        say("\nTo answer, sign in with a role that holds the policy `Tocsin-ContainmentApprover`:\n");
        say(&format!("  tocsin contain approve {incident} {id} --url {url} --reason '…'"));
        say("      everything; with `--step N` only these, and the others are declined");
        say(&format!("  tocsin contain decline {incident} {id} --url {url} --reason '…'"));
        text
    }
}

fn line(number: usize, asked: &AskedStep) -> String {
    let AskedStep { step, reason, impact } = asked;
    let place = step.region.as_deref().unwrap_or("global");
    format!(
        "  {number}. {} on {} waits for a person (account {}, {place})\n     why it waits: {reason}\n     whom it hits: {impact}",
        step.action, step.target, step.account
    )
}
