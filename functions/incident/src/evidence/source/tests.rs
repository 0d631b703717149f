#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

#[test]
fn every_description_can_be_read() {
    let library = super::read(super::DESCRIPTIONS).unwrap();
    assert!(!library.sources.is_empty());
    for call in library.sources.values().flat_map(|source| &source.calls) {
        assert!(library.services.contains_key(&call.service), "`{}` is no service", call.service);
    }
}
