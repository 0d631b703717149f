//! Translates a corpus of real findings in place. The corpus is other people's and not part of this repository, so the
//! test exists only with the feature `corpus`, and then needs `FINDINGS_CORPUS` to name the corpus's folder:
//! `FINDINGS_CORPUS=… cargo nextest run -p incident --features corpus --test corpus --no-capture`.
#![cfg(feature = "corpus")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a corpus that is not as its index says fails the test"
)]
#![expect(clippy::print_stdout, reason = "the counts are for the person who runs it")]

use incident::sources::{Code, Translated, Unreadable, read};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One line of the corpus's index, with the document.
struct Document {
    place: String,
    format: String,
    text: String,
}

#[expect(clippy::disallowed_methods, reason = "the corpus lies wherever the machine has it; only the test reads where")]
fn corpus() -> PathBuf {
    std::env::var_os("FINDINGS_CORPUS").map(PathBuf::from).expect("set FINDINGS_CORPUS to the folder of the corpus")
}

/// `INDEX.tsv`: file, line, and in the seventh column the format.
fn documents(folder: &Path) -> Vec<Document> {
    let index = std::fs::read_to_string(folder.join("INDEX.tsv")).expect("the corpus has an INDEX.tsv");
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    index
        .lines()
        .skip(1)
        .map(|row| {
            let columns: Vec<&str> = row.split('\t').collect();
            let (file, line, format) = (columns[0], columns[1], columns[6]);
            let lines = files.entry(file.to_owned()).or_insert_with(|| {
                let text = std::fs::read_to_string(folder.join(file)).expect("a file of the index exists");
                text.lines().map(str::to_owned).collect()
            });
            let number: usize = line.parse().expect("the index numbers its lines");
            Document { place: format!("{file}:{line}"), format: format.to_owned(), text: lines[number - 1].clone() }
        })
        .collect()
}

/// The share of a format's documents that must be read, in percent. What is below 100 is known by name:
/// - `guardduty-event`: 1 of 48 names no account, neither in itself nor in an ARN, and has no envelope.
/// - `ocsf`: 7 of 49 are network, DNS and API activity (classes 4001 to 4003, 6003), which are no findings, and 6 are of a
///   Kubernetes scanner and name no cloud account.
/// - `access-analyzer`: 3 of 15 are changes of access previews, which are about settings that nobody has made yet.
/// - `config`: 1 of 2 is a change of a configuration item, which no rule has judged.
const MUST_BE_READ: [(&str, usize); 11] = [
    ("guardduty-event", 97),
    ("guardduty-api", 100),
    ("guardduty-other-event", 100),
    ("asff", 100),
    ("asff-in-event", 100),
    ("cloudtrail-event", 100),
    ("ocsf", 73),
    ("macie", 100),
    ("access-analyzer", 80),
    ("config", 50),
    ("inspector", 100),
];

#[test]
fn every_document_is_read_or_refused_with_a_code_and_a_path() {
    let mut counts: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let mut refusals: BTreeMap<(String, &str), Vec<String>> = BTreeMap::new();
    for document in documents(&corpus()) {
        let translated: Result<Translated, Unreadable> = read(document.text.as_bytes());
        let findings = translated.unwrap_or_else(|refusal| vec![Err(refusal)]);
        let count = counts.entry(document.format.clone()).or_default();
        count.0 += 1;
        count.1 += usize::from(!findings.is_empty() && findings.iter().all(Result::is_ok));
        for finding in findings {
            match finding {
                Ok(finding) => {
                    count.2 += 1;
                    assert!(!finding.id.is_empty() && !finding.account.is_empty(), "{}", document.place);
                    let mut named: Vec<_> = finding.entities.iter().map(|entity| (entity.kind, &entity.id)).collect();
                    let total = named.len();
                    named.sort();
                    named.dedup();
                    assert_eq!(named.len(), total, "{}: a repeated entity", document.place);
                }
                Err(refusal) => {
                    assert!(Code::ALL.iter().any(|code| code.as_str() == refusal.code), "{}", refusal.code);
                    assert!(refusal.path.starts_with('$'), "{}", refusal.path);
                    let place = format!("{} {}", document.place, refusal.path);
                    refusals.entry((document.format.clone(), refusal.code)).or_default().push(place);
                }
            }
        }
    }
    for (format, (documents, read, findings)) in &counts {
        println!("{format}: {read} of {documents} documents read, {findings} findings");
    }
    for ((format, code), places) in &refusals {
        println!("{format} {code}: {}, such as {}", places.len(), places[0]);
    }
    for (format, percent) in MUST_BE_READ {
        let (documents, read, _) = counts.get(format).copied().unwrap_or_default();
        assert!(documents > 0 && read * 100 >= documents * percent, "{format}: only {read} of {documents} are read");
    }
}
