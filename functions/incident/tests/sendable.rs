//! A server awaits these on any of its threads: with ports that are safe to share, nothing that they hold across an await binds them
//! to one.
#![allow(clippy::panic, reason = "the ports are never asked: that this compiles is the test")]

use incident::notification::{FactsDesk, FactsEntry, GateDesk, GateRequest, Rules};
use incident::ports::{Gate, Responses, Settings, Silencer};
use incident::post_incident::CaseFile;
use incident::records::{Key, Listing, Records, Versioned, Write};
use incident::{Failure, Incident, IncidentId};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

struct Ports;

impl Records for Ports {
    async fn get<T: DeserializeOwned>(&self, _key: &Key) -> Result<Option<T>, Failure> {
        panic!("nobody asks")
    }
    async fn read<T: DeserializeOwned>(&self, _keys: &[Key]) -> Result<Vec<Option<Versioned<T>>>, Failure> {
        panic!("nobody asks")
    }
    async fn commit(&self, _writes: Vec<Write>) -> Result<bool, Failure> {
        panic!("nobody asks")
    }
    async fn create<T: Serialize + DeserializeOwned + Clone>(&self, _: &Key, _: &T) -> Result<(T, bool), Failure> {
        panic!("nobody asks")
    }
    async fn update<T: Serialize + DeserializeOwned>(
        &self,
        _key: &Key,
        _change: impl Fn(&mut T) -> Result<(), Failure>,
    ) -> Result<T, Failure> {
        panic!("nobody asks")
    }
    async fn remove(&self, _key: &Key) -> Result<(), Failure> {
        panic!("nobody asks")
    }
    async fn list<T: DeserializeOwned>(&self, _listing: &Listing) -> Result<Vec<T>, Failure> {
        panic!("nobody asks")
    }
}

impl Settings for Ports {
    async fn read(&self, _path: &str) -> Result<Option<Vec<u8>>, Failure> {
        panic!("nobody asks")
    }
}

impl Responses for Ports {
    async fn start(&self, _name: &str, _input: &Value) -> Result<(), Failure> {
        panic!("nobody asks")
    }
}

impl Gate for Ports {
    async fn resume(&self, _token: &str, _decision: &Value) -> Result<bool, Failure> {
        panic!("nobody asks")
    }
}

impl Silencer for Ports {
    async fn silence(&self, _name: &str) -> Result<(), Failure> {
        panic!("nobody asks")
    }
}

fn sendable<T: Send>(_: T) {}

/// Never called: what it is about is that it compiles.
#[expect(dead_code, reason = "that it compiles is the test")]
fn what_a_server_awaits(
    rules: &'static Rules,
    incident: Incident,
    id: &'static IncidentId,
    entry: &'static FactsEntry,
    request: GateRequest,
    now: Timestamp,
) {
    static PORTS: Ports = Ports;
    let facts = || FactsDesk { records: &PORTS, settings: &PORTS, responses: &PORTS, rules };
    sendable(async move { facts().preview(id, entry, "anna", now).await });
    sendable(async move { facts().enter(id, entry, "anna", now).await });
    let gate = GateDesk { records: &PORTS, gate: &PORTS, silencer: &PORTS, notification: &PORTS };
    sendable(async move { gate.decide(request, "anna", now).await });
    sendable(async move { CaseFile::read(&PORTS, incident).await });
}

#[test]
fn it_compiles() {
    sendable(Ports);
}
