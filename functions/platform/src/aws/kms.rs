//! Keys that never leave KMS: the one that seals are signed with, and the one that digests are keyed with.

use super::Sdk;
use super::failure::failed;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MacAlgorithmSpec, MessageType, SigningAlgorithmSpec};
use incident::ports::Signer;
use incident::{Digest, Failure};

/// An asymmetric key (ECC_NIST_P256, SIGN_VERIFY), by its ARN: an alias could be pointed at another key.
#[derive(Clone, Debug)]
pub struct SigningKey {
    client: Client,
    arn: String,
}

impl SigningKey {
    /// The key with this ARN.
    pub fn connect(sdk: &Sdk, arn: String) -> Self {
        Self { client: Client::new(&sdk.0), arn }
    }
}

impl Signer for SigningKey {
    fn key(&self) -> &str {
        &self.arn
    }

    async fn sign(&self, digest: &Digest) -> Result<Vec<u8>, Failure> {
        let digest = digest.bytes().ok_or_else(|| Failure::rejected("what is to be signed is no SHA-256"))?;
        let sign = self
            .client
            .sign()
            .key_id(&self.arn)
            .message(Blob::new(digest))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
        let signed = sign.send().await.map_err(|error| failed("signing", error))?;
        let signature = signed.signature.ok_or_else(|| Failure::transient("KMS gave no signature"))?;
        Ok(signature.into_inner())
    }

    async fn public_key(&self) -> Result<String, Failure> {
        let key = self.client.get_public_key().key_id(&self.arn).send().await;
        let key = key.map_err(|error| failed("reading the public key", error))?.public_key;
        let key = key.ok_or_else(|| Failure::transient("KMS gave no public key"))?;
        Ok(aws_smithy_types::base64::encode(key))
    }
}

/// A symmetric key (HMAC_256, GENERATE_VERIFY_MAC): whoever reads a digest made with it cannot try out whose it is.
#[derive(Clone, Debug)]
pub struct DigestKey {
    client: Client,
    arn: String,
}

impl DigestKey {
    /// The key with this ARN.
    pub fn connect(sdk: &Sdk, arn: String) -> Self {
        Self { client: Client::new(&sdk.0), arn }
    }

    /// The keyed digest of a text (HMAC, FIPS 198-1, with SHA-256), in lower-case hexadecimal.
    ///
    /// # Errors
    /// What KMS answers.
    pub async fn digest(&self, text: &str) -> Result<String, Failure> {
        let made = self.client.generate_mac().key_id(&self.arn).mac_algorithm(MacAlgorithmSpec::HmacSha256);
        let made = made.message(Blob::new(text.as_bytes())).send().await;
        let made = made.map_err(|error| failed("making a keyed digest", error))?.mac;
        let made = made.ok_or_else(|| Failure::transient("KMS gave no digest"))?;
        Ok(made.into_inner().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
