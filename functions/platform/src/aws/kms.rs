//! The key that seals are signed with. Its private half never leaves KMS.

use super::Sdk;
use super::failure::failed;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
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
