//! Lists of people, however they arrive: the same people, problems and batches, and nothing of a person in what is said of them.
#![allow(clippy::unwrap_used, clippy::string_slice, clippy::indexing_slicing, reason = "a test stops where it fails")]

use incident::notification::delivery::{Checked, Line, ListError, ListVersion, Problem, Reader};
use proptest::prelude::*;

const HEAD: &str = "email,name,language,jurisdiction,postal_address,mailbox_breached\n";

fn version(key: &str) -> ListVersion {
    ListVersion { key: key.to_owned(), version_id: "v".to_owned(), etag: "e".to_owned(), bytes: 0 }
}

fn read(key: &str, content: &[u8], piece: usize, batch: u64) -> Result<(Vec<Line>, Checked), ListError> {
    let mut reader = Reader::new(version(key), batch)?;
    let mut people = Vec::new();
    for piece in content.chunks(piece) {
        people.extend(reader.take(piece)?);
    }
    let (last, checked) = reader.finish()?;
    people.extend(last);
    Ok((people, checked))
}

fn csv(lines: &str) -> (Vec<Line>, Checked) {
    read("lists/a.csv", format!("{HEAD}{lines}").as_bytes(), 7, 500).unwrap()
}

#[test]
fn each_problem_is_reported_by_its_line() {
    let long = format!("a@b.example,{},,,,\n", "x".repeat(5000));
    let lines = [
        "Ada@B.example,Ada,en,US-CA,,\n",
        "nobody,,,,,\n",
        "Ada@b.EXAMPLE,Ada,,,,\n",
        "\"a@b.example\nBcc: x@y.example\",,,,,\n",
        "c@d.example,a,b\n",
        &long,
        "e@f.example,,english,,,\n",
        "e@f.example,,,Atlantis,,\n",
        ",Bo,,,,\n",
        "g@h.example,,,,,yes\n",
        "\n",
        "ada@b.example,another mailbox,,,,\r\n",
    ];
    let (people, checked) = csv(&lines.concat());
    let found: Vec<(u64, Problem)> = checked.audience.problems.iter().map(|one| (one.line, one.problem)).collect();
    let wanted = [
        (3, Problem::BadAddress),
        (4, Problem::Duplicate),
        // A field that goes on in the next line is two lines, neither of which is a record.
        (5, Problem::Malformed),
        (6, Problem::Malformed),
        (7, Problem::Malformed),
        (8, Problem::TooLong),
        (9, Problem::BadLanguage),
        (10, Problem::BadJurisdiction),
        (11, Problem::NoWayToReach),
        (12, Problem::NoWayToReach),
    ];
    assert_eq!(found, wanted);
    assert_eq!(checked.audience.unusable, 10);
    assert_eq!(people.iter().map(|line| line.number).collect::<Vec<_>>(), [2, 14]);
    let said = serde_json::to_string(&checked.audience).unwrap() + &checked.audience.gaps("en").concat();
    assert!(!said.contains("example") && !said.contains("Ada"), "{said}");
}

#[test]
fn a_header_in_a_field_of_json_is_refused() {
    let content = br#"{"email":"a@b.example\r\nBcc: c@d.example"}
{"email":"e@f.example","phone":"1"}
{"email":"e@f.example","name":"line\nbreak"}
{"email":"e@f.example"}
"#;
    let (people, checked) = read("lists/a.jsonl", content, 9, 500).unwrap();
    let found: Vec<Problem> = checked.audience.problems.iter().map(|one| one.problem).collect();
    assert_eq!(found, [Problem::ControlCharacter, Problem::Malformed, Problem::ControlCharacter]);
    assert_eq!(people.len(), 1);
}

#[test]
fn what_is_no_list_is_refused() {
    assert_eq!(read("lists/a.xlsx", b"", 9, 1).unwrap_err(), ListError::Name);
    for head in ["name\n", "email,email\n", "email,password\n", "\"email\n", "\u{0}\n"] {
        assert_eq!(read("lists/a.csv", head.as_bytes(), 9, 1).unwrap_err(), ListError::Head, "{head}");
    }
    assert_eq!(read("lists/a.csv", HEAD.as_bytes(), 9, 1).unwrap_err(), ListError::Empty);
    assert_eq!(read("lists/a.csv", b"", 9, 1).unwrap_err(), ListError::Head);
}

#[test]
fn a_breached_mailbox_is_in_no_batch_though_another_line_names_it_again() {
    let lines = "a@b.example,,,,1 Quay,yes\nc@d.example,,,,,\na@b.example,,,,,\ne@f.example,,,,,\n";
    let (_, checked) = csv(lines);
    let content = format!("{HEAD}{lines}");
    for batch in &checked.batches {
        let text = &content[usize::try_from(batch.from).unwrap()..usize::try_from(batch.to).unwrap()];
        assert!(!text.contains("a@b.example"), "{text}");
    }
    assert_eq!(checked.batches.len(), 2);
    assert_eq!((checked.audience.by_mail, checked.audience.by_post, checked.audience.breached_mailboxes), (2, 1, 1));
}

proptest! {
    #[test]
    fn pieces_do_not_matter_and_batches_hold_everybody(
        lines in prop::collection::vec("[a-d]{0,2}(@[b-c]\\.example)?(,[a-z\"]{0,3}){5}\r?|[x]{0,5000}", 1..40),
        piece in 1_usize..600,
        batch in 1_u64..7,
    ) {
        let content = format!("{HEAD}first@b.example,,,,,\n{}", lines.join("\n"));
        let whole = read("lists/a.csv", content.as_bytes(), usize::MAX, batch).unwrap();
        let (people, checked) = read("lists/a.csv", content.as_bytes(), piece, batch).unwrap();
        prop_assert_eq!((&people, &checked), (&whole.0, &whole.1));
        let numbered: Vec<&str> = content.split('\n').collect();
        let mut from = 0;
        let mut mailed = Vec::new();
        for one in &checked.batches {
            prop_assert!(one.from >= from && one.to > one.from && one.to <= content.len() as u64);
            from = one.to;
            let text = &content[usize::try_from(one.from).unwrap()..usize::try_from(one.to).unwrap()];
            prop_assert_eq!(text.split('\n').next().unwrap(), numbered[usize::try_from(one.line).unwrap() - 1]);
            let read = text.split('\n').filter_map(|line| checked.format.person(line.strip_suffix('\r').unwrap_or(line).as_bytes()).ok());
            mailed.extend(read.filter(|person| person.mailbox().is_some()));
        }
        for line in people.iter().filter(|line| line.person.mailbox().is_some()) {
            prop_assert!(mailed.contains(&line.person));
        }
    }
}
