//! Due dates against dates that were counted by hand, what a form may say, and what may be done about a request.

use super::*;
use crate::notification::Rules;
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::load().unwrap());

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn term(kind: RequestKind, residence: Residence, received: &str) -> Term {
    Term::of(kind, residence, at(received), Some("Europe/Berlin"), &RULES).unwrap()
}

/// The last day, where it ends.
fn day(term: &Term, at: Timestamp) -> Date {
    at.to_zoned(term.zone()).date()
}

fn link() -> Link {
    Link::of(&"a".repeat(43)).unwrap()
}

fn asked(kind: RequestKind, residence: Residence) -> Asked {
    let asking = Asking::read(kind.name(), residence.name(), " ada@people.example ", "\u{202e}please ", "de").unwrap();
    asking.asked(at("2026-11-23T10:00:00Z"))
}

fn request(kind: RequestKind, residence: Residence) -> PrivacyRequest {
    let asked = asked(kind, residence);
    let term = term(kind, residence, "2026-11-23T10:00:00Z");
    PrivacyRequest::confirmed(&link(), &asked, term, at("2026-11-23T11:00:00Z"))
}

#[test]
fn due_dates_are_those_that_were_counted_by_hand() {
    use RequestKind::{Access, Erasure, OptOut};
    use Residence::{Brazil, California, Canada, Elsewhere, Europe, Switzerland, UnitedKingdom};
    for (kind, residence, received, rule, due) in [
        // A month ends on the day of the same number.
        (Access, Europe, "2026-11-23T10:00:00Z", "EU-GDPR-12-3", "2026-12-23"),
        (Erasure, Europe, "2026-11-23T10:00:00Z", "EU-GDPR-12-3", "2026-12-23"),
        (OptOut, Europe, "2026-11-23T10:00:00Z", "EU-GDPR-12-3", "2026-12-23"),
        // February 2027 has no 31st.
        (Access, Europe, "2027-01-31T10:00:00Z", "EU-GDPR-12-3", "2027-02-28"),
        // In Berlin it is the 24th already.
        (Access, Europe, "2026-11-23T23:30:00Z", "EU-GDPR-12-3", "2026-12-24"),
        (Access, UnitedKingdom, "2026-11-23T10:00:00Z", "GB-UKGDPR-12-3", "2026-12-23"),
        // 45 days from 23 November: 7 in November, 31 in December, 7 in January.
        (Access, California, "2026-11-23T20:00:00Z", "US-CCPA-REQ", "2027-01-07"),
        (Erasure, California, "2026-11-23T20:00:00Z", "US-CCPA-REQ", "2027-01-07"),
        // 15 business days without weekends and Thanksgiving: 24, 25, 27, 30 Nov, 1-4, 7-11, 14, 15 Dec.
        (OptOut, California, "2026-11-23T20:00:00Z", "US-CCPA-OPTOUT", "2026-12-15"),
        (Access, Brazil, "2026-11-23T12:00:00Z", "BR-LGPD-19", "2026-12-08"),
        (Erasure, Brazil, "2026-11-23T12:00:00Z", "XX-OWN-30", "2026-12-23"),
        (Access, Switzerland, "2026-11-23T10:00:00Z", "CH-FADP-25", "2026-12-23"),
        (Access, Canada, "2026-11-23T15:00:00Z", "CA-PIPEDA-8", "2026-12-23"),
        (OptOut, Elsewhere, "2026-11-23T10:00:00Z", "XX-OWN-30", "2026-12-23"),
    ] {
        let term = term(kind, residence, received);
        assert_eq!(term.rule, rule, "{kind:?} {residence:?}");
        assert_eq!(day(&term, term.due_at).to_string(), due, "{kind:?} {residence:?} {received}");
        assert!(term.due_at <= term.latest_at);
        assert_eq!(term.citation.is_none(), rule == "XX-OWN-30");
    }
}

#[test]
fn a_month_that_ends_on_a_sunday_is_answered_by_that_sunday_and_may_end_on_monday() {
    // 27 December 2026 is a Sunday (Reg. 1182/71 Art. 3(4)).
    let term = term(RequestKind::Access, Residence::Europe, "2026-11-27T10:00:00Z");
    assert_eq!(day(&term, term.due_at).to_string(), "2026-12-27");
    assert_eq!(day(&term, term.latest_at).to_string(), "2026-12-28");
}

#[test]
fn extensions_and_acknowledgements_are_those_of_the_rule() {
    let europe = term(RequestKind::Access, Residence::Europe, "2026-11-23T10:00:00Z");
    assert_eq!(day(&europe, europe.extends_to.unwrap()).to_string(), "2027-02-23");
    assert_eq!(europe.acknowledge_by, None);
    let california = term(RequestKind::Access, Residence::California, "2026-11-23T20:00:00Z");
    assert_eq!(day(&california, california.extends_to.unwrap()).to_string(), "2027-02-21");
    // 24, 25, 27, 30 Nov, 1-4, 7, 8 Dec.
    assert_eq!(day(&california, california.acknowledge_by.unwrap()).to_string(), "2026-12-08");
    let own = term(RequestKind::Access, Residence::Elsewhere, "2026-11-23T10:00:00Z");
    assert_eq!((own.extends_to, own.acknowledge_by), (None, None));
}

#[test]
fn every_kind_in_every_place_has_a_time_whatever_zone_is_known() {
    for kind in RequestKind::ALL {
        for residence in Residence::ALL {
            for zone in [None, Some("Europe/Berlin"), Some("Nowhere/Atlantis")] {
                let received = at("2026-11-23T10:00:00Z");
                let term = Term::of(kind, residence, received, zone, &RULES).unwrap();
                assert!(term.due_at > received, "{kind:?} {residence:?} {zone:?}");
            }
        }
    }
}

#[test]
fn the_time_runs_from_the_form_and_not_from_the_link() {
    let request = request(RequestKind::Access, Residence::Europe);
    assert_eq!(request.received_at, at("2026-11-23T10:00:00Z"));
    assert_eq!(request.confirmed_at, at("2026-11-23T11:00:00Z"));
    assert_eq!(request.day(request.due_at(), "de", &RULES), "23. Dezember 2026");
    assert_eq!(request.day(request.due_at(), "xx", &RULES), "2026-12-23");
    assert!(request.moment(request.received_at, "en", &RULES).contains("10:00"));
}

#[test]
fn a_form_is_taken_or_every_field_says_what_is_wrong() {
    let read = |kind, residence, email: &str, words: &str| Asking::read(kind, residence, email, words, "en");
    let asking = read("erasure", "california", " Ada.Muster+x@People.example\n", " \n").unwrap();
    assert_eq!(
        (asking.email.as_str(), asking.mailbox().as_str()),
        ("Ada.Muster+x@People.example", "ada.muster+x@people.example")
    );
    assert_eq!(asking.words, "");
    let all = vec![FormFault::Kind, FormFault::Residence, FormFault::Email, FormFault::Words];
    assert_eq!(read("", "Europe", "", &"é".repeat(2_001)).unwrap_err(), all);
    assert!(read("access", "europe", "a@b.example", &"é".repeat(2_000)).is_ok());
    assert!(read("access", "europe", "a@b.example", &format!("a{}a", "\r\n".repeat(1_998))).is_ok());
}

#[test]
fn an_address_is_one_mailbox_and_nothing_that_a_header_is_made_of() {
    let takes = |email: &str| Asking::read("access", "europe", email, "", "en").is_ok();
    for good in ["a@b.example", "o'hara@b-c.example", "a.b+c@x1.y2.example", "a@xn--bcher-kva.example"] {
        assert!(takes(good), "{good}");
    }
    let long = format!("{}@b.example", "a".repeat(65));
    for bad in [
        "",
        "a",
        "@b.example",
        "a@",
        "a@b",
        "a@@b.example",
        "a b@c.example",
        "a@b.example,c@d.example",
        "a@b.example;c@d.example",
        "<a@b.example>",
        "Ada <a@b.example>",
        "a\r\nBcc: c@d.example@e.example",
        "a@b.example\r\nBcc: c@d.example",
        "a@b..example",
        "a@-b.example",
        ".a@b.example",
        "a..b@c.example",
        "\"a b\"@c.example",
        "a@[127.0.0.1]",
        "ä@b.example",
        "a@b.example\0",
        &long,
    ] {
        assert!(!takes(bad), "{bad:?}");
    }
}

#[test]
fn a_link_is_a_token_of_ours_and_names_one_request() {
    for text in
        ["", "a", &"a".repeat(42), &"a".repeat(44), &format!("{}=", "a".repeat(42)), &format!("{}#", "a".repeat(42))]
    {
        assert_eq!(Link::of(text), None, "{text}");
    }
    assert_eq!(link().reference(), link().reference());
    assert_ne!(link().reference(), Link::of(&"b".repeat(43)).unwrap().reference());
    let reference = link().reference();
    assert_eq!(Reference::try_from(reference.to_string()).unwrap(), reference);
    for text in [
        "",
        "R-",
        "R-0000-0000-0000",
        "r-0000-0000-0000-0000",
        "R-0000-0000-0000-000g",
        "R-0000-0000-0000-0000-0000",
        "../x",
    ] {
        assert!(Reference::try_from(text.to_owned()).is_err(), "{text}");
    }
}

#[test]
fn what_was_asked_ends_with_its_link() {
    let asked = asked(RequestKind::Access, Residence::Europe);
    assert!(asked.is_live(at("2026-11-24T09:59:59Z")) && !asked.is_live(at("2026-11-24T10:00:00Z")));
    assert_eq!(asked.forget_at, at("2026-11-24T10:00:00Z").as_second());
}

#[test]
fn a_request_is_settled_once() {
    let mut request = request(RequestKind::Access, Residence::Europe);
    let now = at("2026-12-01T10:00:00Z");
    assert_eq!(request.standing(), Standing::Open);
    assert_eq!(request.take(Deed::Refused, " \n", "ada", now), Err(DeedRefused::ReasonMissing));
    request.take(Deed::IdentityVerified, "", "ada", now).unwrap();
    assert_eq!(request.take(Deed::IdentityVerified, "", "ada", now), Err(DeedRefused::VerifiedBefore));
    assert!(request.is_verified() && request.standing() == Standing::Open && request.forget_at.is_none());
    request.take(Deed::Answered, "", "ada", now).unwrap();
    assert_eq!(request.standing(), Standing::Answered);
    for deed in Deed::ALL {
        assert_eq!(request.take(deed, "so", "ada", now), Err(DeedRefused::Settled));
    }
    assert_eq!(request.acts.len(), 2);
    // Three years later the table may forget it, and no sooner.
    assert!(request.forget_at.unwrap() >= at("2029-12-01T10:00:00Z").as_second());
}

#[test]
fn an_extension_is_for_those_whose_rule_knows_one_in_time_and_once() {
    let mut request = request(RequestKind::Access, Residence::Europe);
    let untouched = request.clone();
    assert_eq!(request.take(Deed::Extended, "", "ada", at("2026-12-01T10:00:00Z")), Err(DeedRefused::ReasonMissing));
    assert_eq!(request.take(Deed::Extended, "many", "ada", at("2026-12-24T10:00:00Z")), Err(DeedRefused::TooLate));
    assert_eq!(request, untouched);
    request.take(Deed::Extended, "many", "ada", at("2026-12-01T10:00:00Z")).unwrap();
    assert_eq!(request.day(request.due_at(), "en", &RULES), "23 February 2027");
    assert_eq!(
        request.take(Deed::Extended, "more", "ada", at("2026-12-02T10:00:00Z")),
        Err(DeedRefused::ExtendedBefore)
    );
    let mut own = self::request(RequestKind::Access, Residence::Elsewhere);
    assert_eq!(own.take(Deed::Extended, "many", "ada", at("2026-12-01T10:00:00Z")), Err(DeedRefused::NoExtension));
}

#[test]
fn people_are_reminded_at_three_quarters_and_at_the_end_once_each() {
    let mut request = request(RequestKind::Access, Residence::Europe);
    // 10:00 on 23 November to 22:59:59 on 23 December UTC are 30 days, 12 h 59 min 59 s; three quarters of it end on 16 December.
    let (early, late, over) = (at("2026-12-16T07:44:58Z"), at("2026-12-16T07:44:59Z"), at("2026-12-23T22:59:59Z"));
    assert_eq!(request.reminder_due(early), None);
    assert_eq!(request.next_reminder(early), Reminded::Waits { until: late });
    let due = request.reminder_due(late).unwrap();
    assert_eq!(due.percent, 75);
    request.remember(due, late);
    assert_eq!(request.reminder_due(late), None);
    assert_eq!(request.next_reminder(late), Reminded::Waits { until: over });
    let due = request.reminder_due(over).unwrap();
    assert_eq!(due.percent, 100);
    request.remember(due, over);
    assert_eq!((request.reminder_due(over), request.next_reminder(over)), (None, Reminded::Overdue));
}

#[test]
fn an_extension_brings_reminders_of_its_own_and_an_answer_ends_them() {
    let mut request = request(RequestKind::Access, Residence::Europe);
    let late = at("2026-12-17T00:00:00Z");
    request.remember(request.reminder_due(late).unwrap(), late);
    request.take(Deed::Extended, "many", "ada", late).unwrap();
    assert_eq!(request.reminder_due(late), None);
    assert!(matches!(request.next_reminder(late), Reminded::Waits { until } if until > at("2027-01-20T00:00:00Z")));
    assert_eq!(request.reminder_due(at("2027-02-10T00:00:00Z")).unwrap().percent, 75);
    request.take(Deed::Answered, "", "ada", at("2027-02-11T00:00:00Z")).unwrap();
    let end = at("2027-03-01T00:00:00Z");
    assert_eq!((request.reminder_due(end), request.next_reminder(end)), (None, Reminded::Settled));
}
