//! Writes the manifest and the custody log of an incident into the vault, and signs how they stand.

mod papers;

use base64ct::{Base64, Encoding as _};
use incident::evidence::custody::{self, Statement};
use incident::evidence::{
    Custodian, CustodyEntry, Deed, EvidenceFile, Manifest, Preservation, Seal, SealRecord, SignedSeal,
};
use incident::ports::{Signer, Vault};
use incident::records::{Key, Listing, Records, Versioned, Write};
use incident::signed::PublicKey;
use incident::{Digest, Failure, IncidentId};
use jiff::Timestamp;
use papers::Papers;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Seals.
pub struct Sealer<T, V, S> {
    /// The table.
    pub records: T,
    /// The vault.
    pub vault: V,
    /// The key.
    pub signer: S,
    /// Who seals: this function.
    pub custodian: Custodian,
}

/// Which incident.
#[derive(Debug, Deserialize)]
pub struct SealTask {
    /// Its identifier.
    pub incident: IncidentId,
}

/// What was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sealed {
    incident: IncidentId,
    manifest_sha256: Digest,
    items: usize,
    files: usize,
    gaps: usize,
    custody_entries: u64,
    custody_head: Digest,
    sealed_at: Timestamp,
    key: String,
}

impl<T: Records, V: Vault, S: Signer> Sealer<T, V, S> {
    /// Seals what is preserved. A repeat over the same evidence and the same log seals nothing again, and answers the same. What
    /// lies in the vault is compared with what should, so that a run that broke off is finished by the next.
    ///
    /// # Errors
    /// What the table, the vault or the key answers; `Transient` where others preserve or seal at the same time.
    pub async fn seal(&self, task: SealTask, now: Timestamp) -> Result<Sealed, Failure> {
        let id = task.incident;
        let (mut held, manifest) = self.manifest(&id, now).await?;
        let text = papers::manifest(&manifest)?;
        self.enter(&id, &manifest, &held.record, now).await?;

        let chain: Vec<CustodyEntry> = self.records.list(&Listing::of_incident(&id, "CUSTODY#")).await?;
        let last = chain.last().ok_or_else(|| Failure::transient("the custody log is not to be seen yet"))?.head();
        lists_what_was_preserved(&manifest, &chain)?;
        let is_of_now = |signed: &&SignedSeal| {
            signed.seal.custody_head == last.hash && signed.seal.manifest_sha256 == held.record.manifest_sha256
        };
        let signed = match held.record.signed.as_ref().filter(is_of_now) {
            Some(signed) => signed.clone(),
            None => {
                let manifest = held.record.manifest_sha256.clone();
                // A run that began earlier can seal what another entered later: no seal is older than what it covers.
                let sealed_at = chain.iter().map(|entry| entry.at).fold(now, Timestamp::max);
                let seal = Seal::over(id.clone(), manifest, &last, sealed_at, self.signer.key().to_owned());
                let signed = self.sign(seal).await?;
                held.record.signed = Some(signed.clone());
                self.save(&id, &mut held).await?;
                signed
            }
        };
        Papers::of(text, &chain, &signed)?.publish(&self.vault, &id).await?;
        // Whoever was faster has put other papers there, perhaps before these.
        let newest = self.records.read::<SealRecord>(&[Key::seal(&id)]).await?.into_iter().next().flatten();
        if newest.is_none_or(|newest| newest.version != held.version) {
            return Err(Failure::transient("another run seals the same evidence"));
        }
        Ok(Sealed {
            incident: id,
            manifest_sha256: signed.seal.manifest_sha256,
            items: manifest.items.len(),
            files: manifest.items.iter().map(|item| item.files.len()).sum(),
            gaps: manifest.items.iter().map(|item| item.gaps.len()).sum(),
            custody_entries: signed.seal.custody_entries,
            custody_head: signed.seal.custody_head,
            sealed_at: signed.seal.sealed_at,
            key: signed.seal.key,
        })
    }

    /// The manifest of what is there now, and the record that it is the one to be sealed. Its time is part of it, so the same
    /// evidence keeps the time that it was first listed at.
    async fn manifest(&self, id: &IncidentId, now: Timestamp) -> Result<(Versioned<SealRecord>, Manifest), Failure> {
        let held = self.records.read::<SealRecord>(&[Key::seal(id)]).await?.into_iter().next().flatten();
        // In this order: every file of an item that is done was recorded before.
        let items: Vec<Preservation> = self.records.list(&Listing::of_incident(id, "EVIDENCE#")).await?;
        let files: Vec<EvidenceFile> = self.records.list(&Listing::of_incident(id, "FILE#")).await?;
        if let Some(held) = held.clone() {
            let same = Manifest::of(id.clone(), &items, &files, held.record.manifest_at);
            if Digest::of(papers::manifest(&same)?.as_bytes()) == held.record.manifest_sha256 {
                return Ok((held, same));
            }
        }
        let manifest = Manifest::of(id.clone(), &items, &files, now);
        let manifest_sha256 = Digest::of(papers::manifest(&manifest)?.as_bytes());
        let record = SealRecord { manifest_sha256, manifest_at: now, signed: None };
        let mut held = Versioned { record, version: held.map_or(0, |held| held.version) };
        self.save(id, &mut held).await?;
        Ok((held, manifest))
    }

    async fn enter(
        &self,
        id: &IncidentId,
        manifest: &Manifest,
        record: &SealRecord,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let gaps: usize = manifest.items.iter().map(|item| item.gaps.len()).sum();
        let statement = Statement {
            custodian: self.custodian.clone(),
            deed: Deed::Sealed,
            path: papers::MANIFEST.to_owned(),
            sha256: Some(record.manifest_sha256.clone()),
            reason: format!("{} items, {gaps} gaps", manifest.items.len()),
        };
        custody::enter(&self.records, id, now, &statement).await.map(|_| ())
    }

    /// Signs, and checks what came back as a verifier will: a key of another kind would seal nothing.
    async fn sign(&self, seal: Seal) -> Result<SignedSeal, Failure> {
        let text = papers::seal(&seal)?;
        let signature = self.signer.sign(&Digest::of(text.as_bytes())).await?;
        let key = PublicKey::read(&self.signer.public_key().await?);
        key.and_then(|key| key.verify_der(text.as_bytes(), &signature))
            .map_err(|error| Failure::needs_operator("the seal that was signed cannot be verified").because(error))?;
        Ok(SignedSeal { seal, signature: Base64::encode_string(&signature) })
    }

    async fn save(&self, id: &IncidentId, held: &mut Versioned<SealRecord>) -> Result<(), Failure> {
        let over = (held.version > 0).then_some(held.version);
        if !self.records.commit(vec![Write::new(Key::seal(id), &held.record, over)?]).await? {
            return Err(Failure::transient("another run seals the same evidence"));
        }
        held.version += 1;
        Ok(())
    }
}

/// What was begun and finished since the manifest was made is in the log already, and would seem to be missing.
fn lists_what_was_preserved(manifest: &Manifest, chain: &[CustodyEntry]) -> Result<(), Failure> {
    let listed: BTreeSet<&str> = manifest.items.iter().map(|item| item.path.as_str()).collect();
    let mut preserved = chain.iter().filter(|entry| entry.deed == Deed::Preserved);
    if preserved.any(|entry| !listed.contains(entry.path.as_str())) {
        return Err(Failure::transient("others preserve evidence of the same incident"));
    }
    Ok(())
}
