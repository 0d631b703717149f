//! Translation against the parser: how long `serde_json` takes to make a `Value` of every document of some files, and how long
//! `read` takes, which does that and translates. `cargo bench -p incident --bench translation -- [--only WHAT] [--rounds N] FILE…`
//!
//! A file holds one document (`.json`) or one a line. Both are timed in turns in one process, and of each the fastest round
//! counts: what else runs on the machine only ever makes a round slower. `--only` parse or read does one of them, for a tool that
//! counts instructions. Prints one JSON object.
#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]

use incident::sources::{read, translate};
use serde_json::{Value, json};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench").peekable();
    let only = match arguments.next_if(|argument| argument == "--only") {
        Some(_) => Some(arguments.next().ok_or("`--only` takes `parse` or `read`")?),
        None => None,
    };
    let is_wanted = |what: &str| only.as_deref().is_none_or(|only| only == what);
    let rounds = match arguments.next_if(|argument| argument == "--rounds") {
        Some(_) => arguments.next().ok_or("`--rounds` takes a number")?.parse()?,
        None => ROUNDS,
    };
    let mut documents: Vec<String> = Vec::new();
    for path in arguments {
        let text = std::fs::read_to_string(&path)?;
        if path.ends_with(".json") {
            let document: Value = serde_json::from_str(&text)?;
            documents.push(document.to_string());
        } else {
            documents.extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
        }
    }
    let parsed: Vec<Value> = documents.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let findings: usize = documents.iter().filter_map(|text| read(text.as_bytes()).ok()).map(|found| found.len()).sum();
    let (mut parse, mut translation, mut whole) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        if is_wanted("parse") {
            parse = parse.min(timed(&documents, |text| drop(black_box(serde_json::from_str::<Value>(text)))));
        }
        if is_wanted("translate") {
            translation = translation.min(timed(&parsed, |document| drop(black_box(translate(document)))));
        }
        if is_wanted("read") {
            whole = whole.min(timed(&documents, |text| drop(black_box(read(text.as_bytes())))));
        }
    }
    let figures = json!({
        "documents": documents.len(),
        "bytes": documents.iter().map(String::len).sum::<usize>(),
        "findings": findings,
        "rounds": rounds,
        "parse_seconds": parse.as_secs_f64(),
        "translate_seconds": translation.as_secs_f64(),
        "read_seconds": whole.as_secs_f64(),
    });
    println!("{figures}");
    Ok(())
}

fn timed<T>(each: &[T], work: impl Fn(&T)) -> Duration {
    let started = Instant::now();
    each.iter().for_each(work);
    started.elapsed()
}
