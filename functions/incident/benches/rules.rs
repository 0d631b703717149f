//! How long a function takes to read the law when it starts: `cargo bench -p incident --bench rules`. Prints one JSON object.
//!
//! The first load is the one that a Lambda pays for; it is taken in a process of its own, once a run.
#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]

use incident::notification::Rules;
use serde_json::json;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let rules = black_box(Rules::load()?);
    let first = start.elapsed();
    let start = Instant::now();
    drop(black_box(Rules::load()?));
    let again = start.elapsed();
    println!(
        "{}",
        json!({
            "rules": rules.iter().count(),
            "first_load_ms": first.as_secs_f64() * 1e3,
            "next_load_ms": again.as_secs_f64() * 1e3,
        })
    );
    Ok(())
}
