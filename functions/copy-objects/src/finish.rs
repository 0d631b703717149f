//! The end of an order: what it was about, its gaps, and one entry in the custody log.

use crate::Copier;
use incident::evidence::copy::{CopyOrder, CopyState, HeldVault, ObjectCopy, ObjectReader, about, file_name};
use incident::evidence::custody;
use incident::evidence::file::sums;
use incident::evidence::{EvidenceFile, Gap, Preservation, Progress};
use incident::ports::Vault;
use incident::records::{Key, Records};
use incident::{Digest, Failure, IncidentId};
use jiff::Timestamp;

const ABOUT: &str = "about.json";

impl<T: Records, V: Vault + HeldVault, O: ObjectReader> Copier<T, V, O> {
    /// Takes custody of an order of which every line has ended. A repeat enters nothing twice.
    pub(crate) async fn finish(
        &self,
        incident: &IncidentId,
        order: &CopyOrder,
        copies: &[ObjectCopy],
        now: Timestamp,
    ) -> Result<(), Failure> {
        let item = order.item();
        let folder = item.folder();
        let content = about(order, copies).to_string().into_bytes();
        let path = format!("incidents/{incident}/{folder}/{ABOUT}");
        let kept = self.vault.preserve(&path, content, "application/json").await?;
        let sha256 = kept.sha256;
        let file = EvidenceFile {
            incident: incident.clone(),
            folder: folder.clone(),
            name: ABOUT.to_owned(),
            sha256: sha256.clone(),
            bytes: kept.bytes,
            version_id: kept.version_id,
            collected_at: now,
            api: "tocsin:CopyObjects".to_owned(),
        };
        self.records.create(&Key::evidence_file(incident, &file.path()), &file).await?;
        let copied = order.lines().zip(copies).filter_map(|((line, _), copy)| match &copy.state {
            CopyState::Copied { sha256, .. } => Some((file_name(line), sha256)),
            CopyState::Missing { .. } | CopyState::Begun | CopyState::Uploading(_) => None,
        });
        let files: Vec<(String, &Digest)> = copied.chain([(ABOUT.to_owned(), &sha256)]).collect();
        let sums = sums(files.iter().map(|(name, sha256)| (name.as_str(), *sha256)));
        let gaps = gaps(order, copies);
        let statements = self.custodian.statements(incident, &folder, &gaps, &sums, now);
        custody::enter_all(&self.records, incident, &statements).await?;
        let done = |preservation: &mut Preservation| {
            preservation.gaps.clone_from(&gaps);
            preservation.progress = Progress::Done { sums: sums.clone(), at: now };
            Ok(())
        };
        self.records.update(&Key::evidence(incident, &item), done).await.map(|_| ())
    }
}

fn gaps(order: &CopyOrder, copies: &[ObjectCopy]) -> Vec<Gap> {
    let gaps = order.lines().zip(copies).filter_map(|((line, _), copy)| match &copy.state {
        CopyState::Missing { reason, at, .. } => {
            Some(Gap { part: file_name(line), reason: reason.clone(), found_at: *at })
        }
        CopyState::Copied { .. } | CopyState::Begun | CopyState::Uploading(_) => None,
    });
    gaps.collect()
}
